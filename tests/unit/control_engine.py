"""Control on engines that only record what they are asked, for its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclave.core.config import LegConfig, PoolExhausted
from conclave.core.control import Control
from conclave.core.dtls import DtlsIdentity
from conclave.core.events import (
    Event,
    LegStatistics,
    WorkerStatistics,
)
from conclave.core.measures import LegMeasures, ProcessUsage
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    pass


CORE = DtlsIdentity()
CLIENT = DtlsIdentity()


class RecordingEngine:
    """Keeps what it is told and tells what a test puts in `waiting`."""

    def __init__(self, port: int, legs: int = 100) -> None:
        self.port = port
        self.segmentation_offload = True
        self.keys_locked = True
        self.legs: dict[int, LegConfig] = {}
        self.calls: list[tuple[object, ...]] = []
        self.waiting: list[Event] = []
        self.measures = LegMeasures(0, True, False, 0.0, 0, 0, (), ())
        self._limit = legs
        self._last = 0

    def start(self) -> None:
        self.calls.append(("start",))

    def stop(self) -> None:
        self.calls.append(("stop",))

    def fileno(self) -> int:
        return -1

    def create_leg(self, config: LegConfig) -> int:
        if len(self.legs) == self._limit:
            raise PoolExhausted("legs")
        self._last += 1
        self.legs[self._last] = config
        return self._last

    def delete_leg(self, leg: int) -> None:
        del self.legs[leg]
        self.calls.append(("delete_leg", leg))

    def restart_ice(self, leg: int, local_ufrag: bytes, local_pwd: bytes, remote_ufrag: bytes) -> None:
        self.calls.append(("restart_ice", leg, local_ufrag, local_pwd, remote_ufrag))

    def set_keys(
        self, leg: int, profile: int, send_key: bytes, send_salt: bytes, receive_key: bytes, receive_salt: bytes
    ) -> None:
        self.calls.append(("set_keys", leg, profile, send_key, send_salt, receive_key, receive_salt))

    def send_dtls(self, leg: int, datagrams: list[bytes]) -> None:
        self.calls.append(("send_dtls", leg, datagrams))

    def set_slot(self, leg: int, slot: int, source: int, max_layer: int) -> None:
        self.calls.append(("set_slot", leg, slot, source, max_layer))

    def set_source_active(self, source: int, active: bool) -> None:
        self.calls.append(("set_source_active", source, active))

    def events(self) -> list[Event]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def statistics(self) -> WorkerStatistics:
        return WorkerStatistics(
            10, 20, 3, 4000, {"malformed": 2}, 1, {"closed": 5}, 600, 700, 8, 9, 11, 12, {"legs": (1, 100)}
        )

    def leg_statistics(self, leg: int) -> LegStatistics:
        assert leg in self.legs
        return LegStatistics(leg, 2, 3, 4, 5, 6, {"replayed": 7})

    def leg_measures(self, leg: int) -> LegMeasures:
        assert leg in self.legs
        return self.measures

    def called(self, name: str) -> list[tuple[object, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]


class Core:
    """A Control on recording engines, with requests as calls."""

    def __init__(self, workers: int = 1, legs: int = 100) -> None:
        self.engines = [RecordingEngine(40_000 + number, legs) for number in range(workers)]
        self.control = Control(
            self.engines,
            CORE,
            instance_id="instance",
            addresses=["192.0.2.1"],
            crypto_backend="openssl",
            usage=lambda: ProcessUsage(1_000.0, 2.5, 4096),
            wallclock_offset_ns=10**18,
            now_ns=0,
        )
        self.control.handle_timeout(0)
        self.control.poll_events()

    def ask(self, now_ns: int = 0, /, **body: object) -> pb.Response:
        request = pb.Request(request_id=77, **body)  # type: ignore[arg-type]  # one field of the oneof
        response = pb.Response.FromString(self.control.handle(request.SerializeToString(), now_ns))
        assert response.request_id == 77
        return response

    def create(self, request: pb.CreateTransport) -> pb.Transport:
        response = self.ask(create_transport=request)
        assert response.WhichOneof("body") == "transport", response.failure.message
        return response.transport

    def tell(self, *events: Event, worker: int = 0, now_ns: int = 0) -> list[pb.Event]:
        self.engines[worker].waiting += events
        self.control.take_events(worker, now_ns)
        return self.control.poll_events()


def creation(name: str = "t1", room: str = "r1", *, dtls_client: bool = False) -> pb.CreateTransport:
    return pb.CreateTransport(
        transport_id=name,
        room_id=room,
        remote_ice_ufrag="abcd",
        remote_dtls_fingerprint=CLIENT.fingerprint,
        dtls_client=dtls_client,
        header_extensions=[
            pb.HeaderExtension(kind=pb.HeaderExtension.KIND_MID, id=1),
            pb.HeaderExtension(kind=pb.HeaderExtension.KIND_RID, id=2),
        ],
        sources=[
            pb.Source(source_id=f"{name}/microphone", mid="0", kind=pb.MEDIA_KIND_AUDIO, payload_type=111, active=True),
            pb.Source(
                source_id=f"{name}/camera",
                mid="1",
                kind=pb.MEDIA_KIND_VIDEO,
                payload_type=96,
                rtx_payload_type=97,
                rids=["q", "h", "f"],
                max_bitrate=2_000_000,
            ),
        ],
        slots=[
            pb.Slot(mid="2", kind=pb.MEDIA_KIND_AUDIO, payload_type=111),
            pb.Slot(mid="3", kind=pb.MEDIA_KIND_VIDEO, payload_type=96, rtx_payload_type=97),
        ],
    )
