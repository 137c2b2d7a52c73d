from conclave.core.events import WorkerStatistics
from conclave.core.switchboard import Switchboard

class Worker(Switchboard):
    def __init__(
        self,
        *,
        bind: str,
        port: int,
        cpu: int | None = ...,
        connections: int = ...,
        connections_per_host: int = ...,
        legs: int = ...,
        sources: int = ...,
        slots: int = ...,
        packets: int = ...,
    ) -> None: ...
    port: int
    segmentation_offload: bool
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def fileno(self) -> int: ...
    def send_dtls(self, leg: int, datagrams: list[bytes]) -> None: ...
    def statistics(self) -> WorkerStatistics: ...
