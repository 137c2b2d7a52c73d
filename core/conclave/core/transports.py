"""The transports of the process by name and by number (L8).

Control speaks of transports, rooms and sources by name; the engine knows legs, rooms and sources by number. Leg and
source numbers are one worker's; room numbers, SSRCs of slots and ICE user fragments are unique in the process.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conclave.core.config import SlotConfig, SourceConfig, source_index, source_leg
from conclave.core.events import CONSENT_ALIVE
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conclave.core.dtls import DtlsEndpoint

__all__ = ["Room", "Transport", "Transports", "random_ice_text"]

UFRAG_SIZE: Final = 8
PWD_SIZE: Final = 32

_ICE_ALPHABET: Final = string.ascii_letters + string.digits + "+/"


def random_ice_text(size: int) -> str:
    """Random ice-chars, 6 bits each (RFC 8445 section 5.3: at least 24 bits in a ufrag, 128 in a password)."""
    return "".join(secrets.choice(_ICE_ALPHABET) for _ in range(size))


@dataclass(slots=True)
class Room:
    """A room that has transports; number: what the engine calls it."""

    number: int
    worker: int
    end_to_end: bool
    transports: int = 0


@dataclass(slots=True, eq=False)
class Transport:
    """One transport as control asked for it, and how far it is.

    leg: its number in its worker, 0 once it is cut. shown: source id and layer a slot.
    """

    transport_id: str
    room_id: str
    worker: int
    leg: int
    ufrag: str
    pwd: str = field(repr=False)
    remote_fingerprint: bytes
    dtls_client: bool
    sources: tuple[SourceConfig, ...]
    source_ids: tuple[str, ...]
    slots: tuple[SlotConfig, ...]
    shown: list[tuple[str, int]]
    endpoint: DtlsEndpoint | None = None
    failed: bool = False
    consent: int = CONSENT_ALIVE
    state: pb.TransportState.ValueType = pb.TRANSPORT_STATE_NEW


class Transports:
    """Every transport of the process. workers: how many share them."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._rooms: dict[str, Room] = {}
        self._room_ids: dict[int, str] = {}
        self._last_room = 0
        self._transports: dict[str, Transport] = {}
        self._legs: dict[tuple[int, int], Transport] = {}
        self._sources: dict[str, tuple[Transport, int]] = {}
        self._ssrcs: set[int] = set()

    def __iter__(self) -> Iterator[Transport]:
        return iter(list(self._transports.values()))

    def get(self, transport_id: str) -> Transport | None:
        """The transport of that name."""
        return self._transports.get(transport_id)

    def by_leg(self, worker: int, leg: int) -> Transport | None:
        """The transport of a worker's leg, unless it was cut."""
        return self._legs.get((worker, leg))

    def room_id(self, number: int) -> str | None:
        """The name of a room that has transports."""
        return self._room_ids.get(number)

    def find_source(self, source_id: str) -> tuple[Transport, int] | None:
        """The transport that sends a source, and the source's index in it."""
        return self._sources.get(source_id)

    def source_id(self, worker: int, number: int) -> str:
        """The name of a worker's source; empty for 0 and for what was cut."""
        owner = self._legs.get((worker, source_leg(number)))
        index = source_index(number)
        return owner.source_ids[index] if owner is not None and 0 <= index < len(owner.source_ids) else ""

    def take_room(self, room_id: str, end_to_end: bool) -> Room:
        """The room of that name; a new one is on the worker with the fewest legs. `release_room` if it stays empty.

        end_to_end: what a new one is; one that stands keeps what it is.
        """
        room = self._rooms.get(room_id)
        if room is None:
            legs = [0] * self._workers
            for worker, _ in self._legs:
                legs[worker] += 1
            self._last_room += 1
            room = self._rooms[room_id] = Room(self._last_room, legs.index(min(legs)), end_to_end)
            self._room_ids[room.number] = room_id
        return room

    def release_room(self, room_id: str) -> None:
        """Forgets a room without transports."""
        if not self._rooms[room_id].transports:
            del self._room_ids[self._rooms.pop(room_id).number]

    def free_ufrag(self) -> str:
        """A random ICE user fragment that no transport has."""
        used = {transport.ufrag for transport in self._transports.values()}
        ufrag = random_ice_text(UFRAG_SIZE)
        while ufrag in used:
            ufrag = random_ice_text(UFRAG_SIZE)
        return ufrag

    def ssrc_chooser(self, announced: Iterable[int]) -> Callable[[], int]:
        """Gives random SSRCs, each once, that no slot has and that are not in `announced`."""
        taken = {0, *announced}

        def choose() -> int:
            ssrc = 0
            while ssrc in taken or ssrc in self._ssrcs:
                ssrc = secrets.randbits(32)
            taken.add(ssrc)
            return ssrc

        return choose

    def add(self, transport: Transport) -> None:
        """Takes in a transport whose names are free."""
        self._rooms[transport.room_id].transports += 1
        self._transports[transport.transport_id] = transport
        self._legs[transport.worker, transport.leg] = transport
        for index, source_id in enumerate(transport.source_ids):
            self._sources[source_id] = transport, index
        self._ssrcs |= {ssrc for slot in transport.slots for ssrc in (slot.ssrc, slot.rtx_ssrc) if ssrc}

    def cut(self, transport: Transport) -> None:
        """Forgets the leg of a transport; its names stay until it is removed."""
        self._legs.pop((transport.worker, transport.leg), None)
        transport.leg = 0

    def remove(self, transport: Transport) -> None:
        """Forgets a transport that was cut, and its room with the last one."""
        del self._transports[transport.transport_id]
        for source_id in transport.source_ids:
            del self._sources[source_id]
        self._ssrcs -= {ssrc for slot in transport.slots for ssrc in (slot.ssrc, slot.rtx_ssrc)}
        self._rooms[transport.room_id].transports -= 1
        self.release_room(transport.room_id)
