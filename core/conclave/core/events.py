"""What the engine tells control, and the face of the engine that control works with (L5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from conclave.core.config import LegConfig
    from conclave.core.measures import LegMeasures

__all__ = [
    "CONSENT_ALIVE",
    "CONSENT_DISCONNECTED",
    "CONSENT_FAILED",
    "ConsentChanged",
    "DtlsReceived",
    "Engine",
    "Event",
    "IceConnected",
    "LegStatistics",
    "SlotChanged",
    "SpeakersChanged",
    "WorkerStatistics",
]

CONSENT_ALIVE = 0
CONSENT_DISCONNECTED = 1  # nothing authentic for 5 s, or its TCP connection was closed
CONSENT_FAILED = 2  # none for 30 s (RFC 7675 section 5.1): nothing is sent any more


class DtlsReceived(NamedTuple):
    """A datagram whose first byte says DTLS (RFC 7983) came from a leg's address."""

    leg: int
    datagram: bytes


class IceConnected(NamedTuple):
    """The client nominated its first address: a DTLS client may start."""

    leg: int


class ConsentChanged(NamedTuple):
    """The client's consent came back or ran out; state: one of CONSENT_*."""

    leg: int
    state: int


class SlotChanged(NamedTuple):
    """What a slot shows changed; source: its number, 0 for nothing; layer: 0 the smallest."""

    leg: int
    slot: int
    source: int
    layer: int


class SpeakersChanged(NamedTuple):
    """Who speaks in a room changed; sources: numbers, loudest first."""

    room: int
    sources: tuple[int, ...]


Event = DtlsReceived | IceConnected | ConsentChanged | SlotChanged | SpeakersChanged


class WorkerStatistics(NamedTuple):
    """Counters of one worker since its start.

    dropped: datagrams by status name, and "backlog" for frames that a TCP connection did not keep up with. connections:
    those over TCP that are open now; connections_ended: the others by reason. bytes: of datagrams and frames; sent are
    those that the kernel was given. packets_forwarded: media packets to subscribers, retransmissions included.
    nacks_received: sequence numbers that subscribers asked for again; key_frames_wanted: their requests for one. pools:
    by name, entries in use and in all.
    """

    packets_received: int
    packets_sent: int
    groups_sent: int
    cpu_time_ns: int
    dropped: dict[str, int]
    connections: int
    connections_ended: dict[str, int]
    bytes_received: int
    bytes_sent: int
    packets_forwarded: int
    retransmissions: int
    nacks_received: int
    key_frames_wanted: int
    pools: dict[str, tuple[int, int]]


class LegStatistics(NamedTuple):
    """Counters of one leg; remb_bitrate: bits per second, 0 for none; dropped: packets by status name."""

    packets_received: int
    packets_sent: int
    retransmissions_sent: int
    plis_sent: int
    nacks_received: int
    remb_bitrate: int
    dropped: dict[str, int]


class Engine(Protocol):
    """One worker: a media port and the legs it carries. Called from one thread only."""

    @property
    def port(self) -> int:
        """The UDP port that is bound, and the TCP port of the same number."""

    @property
    def segmentation_offload(self) -> bool:
        """Whether packets leave in segmented groups (UDP_SEGMENT)."""

    @property
    def keys_locked(self) -> bool:
        """Whether the memory of keys is locked (mlock)."""

    def start(self) -> None:
        """Starts the worker's thread."""

    def stop(self) -> None:
        """Stops the thread, closes the socket and wipes every key."""

    def fileno(self) -> int:
        """A descriptor that is readable while events wait."""

    def create_leg(self, config: LegConfig) -> int:
        """Takes a leg into the worker and returns its number. Raises PoolExhausted."""

    def delete_leg(self, leg: int) -> None:
        """Returns once nothing is forwarded to or from the leg any more."""

    def restart_ice(self, leg: int, local_ufrag: bytes, local_pwd: bytes, remote_ufrag: bytes) -> None:
        """Gives the leg new ICE credentials; the old ones stop working."""

    def set_keys(
        self, leg: int, profile: int, send_key: bytes, send_salt: bytes, receive_key: bytes, receive_salt: bytes
    ) -> None:
        """Puts SRTP master keys in place; profile: a value of SrtpProfile."""

    def send_dtls(self, leg: int, datagrams: list[bytes]) -> None:
        """Sends DTLS datagrams to the leg's nominated address, or drops them when there is none."""

    def set_slot(self, leg: int, slot: int, source: int, max_layer: int) -> None:
        """Says what a video slot shall show; source: 0 for nothing."""

    def set_source_active(self, source: int, active: bool) -> None:
        """Says whether a source counts as sending."""

    def events(self) -> list[Event]:
        """Takes the events that wait, oldest first."""

    def statistics(self) -> WorkerStatistics:
        """The worker's counters."""

    def leg_statistics(self, leg: int) -> LegStatistics:
        """One leg's counters."""

    def leg_measures(self, leg: int) -> LegMeasures:
        """One leg's streams and path."""
