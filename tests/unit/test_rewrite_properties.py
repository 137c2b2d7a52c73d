"""A slot against a model that knows every packet's fate, over random meetings: see `Slot` for what must hold."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from conclave.core.rewrite import SlotRewriter
from conclave.core.status import Status

MS = 1_000_000
REWRITE_SPANS = 16
REACH = 200  # numbers looked back at, a few more than the spans usually reach
SEEDS = 30


@dataclass
class Source:
    """A publisher's stream: frames of one to three packets, with padding-only packets in between."""

    stream: int
    chance: random.Random
    video: bool
    picture_id_size: int
    index: int = field(init=False)
    frame: int = 0

    def __post_init__(self) -> None:
        self.index = self.chance.choice([0, 65_530, self.chance.randrange(2**20)])
        self.timestamp = self.chance.randrange(2**32)
        self.picture_id = self.chance.choice([32_760, 120, self.chance.randrange(2**15)])
        self.tl0 = self.chance.randrange(256)

    def padding(self, now_ns: int) -> dict[str, Any]:
        return self._packet(now_ns, payload_size=0)

    def next_frame(self, now_ns: int) -> list[dict[str, Any]]:
        self.frame += 1
        self.timestamp = (self.timestamp + self.chance.choice([2700, 3000, 3300] if self.video else [960])) % 2**32
        count = self.chance.randint(1, 3) if self.video else 1
        return [self._packet(now_ns, payload_size=50, marker=number == count) for number in range(1, count + 1)]

    def _packet(self, now_ns: int, **fields: Any) -> dict[str, Any]:
        fields |= {"index": self.index, "rtp_timestamp": self.timestamp, "arrival_ns": now_ns, "frame": self.frame}
        self.index += 1
        if self.picture_id_size:
            bits = 15 if self.picture_id_size == 2 else 7
            fields["picture_id"] = (self.picture_id + self.frame) % 2**bits
            fields["picture_id_size"] = self.picture_id_size
            fields["tl0_picture_index"] = (self.tl0 + self.frame) % 256
        return fields


@dataclass
class Era:
    """The time between two switches, with the numbers that its first packet got."""

    stream: int
    first: dict[str, Any]
    out: dict[str, Any]
    closed: set[int] = field(default_factory=set)
    highest: int = -1

    def expected_index(self, index: int) -> int:
        closed = sum(1 for dropped in self.closed if dropped < index)
        return int(self.out["index"]) + index - int(self.first["index"]) - closed

    def check(self, packet: dict[str, Any], out: dict[str, Any]) -> None:
        """Every number but the marker goes on from the era's first packet as the source's own do."""
        frames = packet["frame"] - self.first["frame"]
        assert out["index"] == self.expected_index(packet["index"])
        moved = (packet["rtp_timestamp"] - self.first["rtp_timestamp"]) % 2**32
        assert out["rtp_timestamp"] == (self.out["rtp_timestamp"] + moved) % 2**32
        if "picture_id" in packet:
            assert out["picture_id"] == (self.out["picture_id"] + frames) % 2**15
            assert out["tl0_picture_index"] == (self.out["tl0_picture_index"] + frames) % 256


class Slot:
    """One slot and the model of it."""

    def __init__(self, video: bool, chance: random.Random) -> None:
        self.video = video
        self.rewriter = SlotRewriter(video, chance.randrange(2**16, 2**18), chance.randrange(2**32))
        self.era: Era | None = None
        self.last: tuple[dict[str, Any], dict[str, Any]] | None = None
        self.last_picture: dict[str, Any] | None = None
        self.last_frame_ns = 0
        self.given: dict[int, tuple[int, dict[str, Any], dict[str, Any]]] = {}
        self.late = self.forgotten = self.switches = 0
        self.filled = False

    def map(self, packet: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        fields = {name: value for name, value in packet.items() if name != "frame"}
        status, out = self.rewriter.map(**fields)
        self.filled |= self.rewriter.span_count == REWRITE_SPANS
        return status, dict(out)

    def switch(self, stream: int, packet: dict[str, Any]) -> None:
        """A switch at `packet`, which goes out next: last + 1, and the timestamp by the elapsed time."""
        self.rewriter.switch(stream, **{name: value for name, value in packet.items() if name != "frame"})
        status, out = self.map(packet)
        assert status == Status.OK
        assert not out["late"]
        if self.last is not None:
            _, before = self.last
            assert out["index"] == before["index"] + 1
            self.check_step((out["rtp_timestamp"] - before["rtp_timestamp"]) % 2**32, packet["arrival_ns"])
        if self.last_picture is not None and "picture_id" in packet:
            assert out["picture_id"] == (self.last_picture["picture_id"] + 1) % 2**15
            assert out["tl0_picture_index"] == (self.last_picture["tl0_picture_index"] + 1) % 256
        assert out["marker"] is (packet["marker"] or not self.video)
        self.era = Era(stream, packet, out, highest=packet["index"])
        self.switches += 1
        self.note(packet, out)

    def check_step(self, step: int, arrival_ns: int) -> None:
        elapsed_ns = arrival_ns - self.last_frame_ns
        assert 0 < step < 2**31
        if self.video:
            assert step == 1 or abs(step - elapsed_ns * 90_000 / 1e9) <= 0.5
        else:
            assert step % 960 == 0
            assert step == 960 or abs(step // 960 - elapsed_ns / (20 * MS)) <= 0.5

    def receive(self, packet: dict[str, Any]) -> None:
        """A packet of the stream that is shown, whatever its age."""
        assert self.era is not None
        index = packet["index"]
        status, out = self.map(packet)
        ahead = index > self.era.highest
        self.era.highest = max(self.era.highest, index)
        if packet["payload_size"] == 0:
            assert status == Status.INACTIVE
            if ahead:
                self.era.closed.add(index)
        elif index < self.era.first["index"]:
            assert status == Status.TOO_LATE
        elif status == Status.TOO_LATE:
            assert not ahead
            assert self.filled
            self.forgotten += 1
        else:
            assert status == Status.OK
            self.era.check(packet, out)
            if self.video:
                assert out["marker"] is packet["marker"]
            self.note(packet, out)

    def note(self, packet: dict[str, Any], out: dict[str, Any]) -> None:
        """Late is what does not go on upwards; no two packets share a number."""
        assert self.era is not None
        assert out["late"] is (self.last is not None and out["index"] <= self.last[1]["index"])
        stream, known, _ = self.given.setdefault(out["index"], (self.era.stream, packet, out))
        assert (stream, known["index"]) == (self.era.stream, packet["index"])
        if out["late"]:
            self.late += 1
            return
        if self.last is None or self.last[1]["rtp_timestamp"] != out["rtp_timestamp"]:
            self.last_frame_ns = packet["arrival_ns"]
            if "picture_id" in packet:
                self.last_picture = out
        self.last = (packet, out)

    def check_find(self) -> int:
        """Finding undoes mapping, and repeating gives the same numbers. Returns how many numbers the spans reach."""
        reached = 0
        forgotten = False
        for index in sorted(self.given, reverse=True)[:REACH]:
            stream, packet, out = self.given[index]
            found = self.rewriter.find(index & 0xFFFF)
            if found is None:
                assert self.filled
                forgotten = True
                continue
            assert not forgotten, "what is older than a forgotten number is forgotten too"
            assert found == (stream, packet["index"])
            fields = {name: value for name, value in packet.items() if name != "frame"}
            assert self.rewriter.again(stream, **fields) == (Status.OK, {**out, "late": True})
            reached += 1
        return reached


def deliver(slot: Slot, packets: list[dict[str, Any]], held: list[dict[str, Any]], chance: random.Random) -> None:
    """Loses, holds back, doubles or delivers each packet."""
    for packet in packets:
        fate = chance.random()
        if fate < 0.05:
            continue
        if fate < 0.15:
            held.append(packet)
            continue
        slot.receive(packet)
        if fate > 0.97:
            slot.receive(packet)


def meeting(seed: int, video: bool, padding: float) -> Slot:
    """Three sources, one slot, 600 frames of time."""
    chance = random.Random(seed)
    slot = Slot(video, chance)
    sizes = [2, chance.choice([0, 2]), 1] if video else [0, 0, 0]
    sources = [Source(number + 1, chance, video, size) for number, size in enumerate(sizes)]
    held: list[dict[str, Any]] = []
    shown: Source | None = None
    now_ns = chance.randrange(10**12)
    for _ in range(600):
        now_ns += chance.choice([0, MS, 17 * MS, 20 * MS, 33 * MS]) + chance.randrange(MS)
        if chance.random() < 0.01:
            now_ns += 5000 * MS
        wanted = chance.choice(sources) if chance.random() < 0.04 or shown is None else shown
        stopped = chance.random() < 0.01
        for source in sources:
            packets = source.next_frame(now_ns)
            while chance.random() < padding:
                packets.append(source.padding(now_ns))
            if source is wanted and wanted is not shown:
                held = []  # of the source before
                slot.switch(source.stream, packets.pop(0))
                shown = source
            if source is shown:
                deliver(slot, packets, held, chance)
        if held and chance.random() < 0.5:
            slot.receive(held.pop(chance.randrange(len(held))))
        if stopped:
            slot.rewriter.stop()
            assert slot.rewriter.map(index=2**40, payload_size=1)[0] == Status.INACTIVE
            shown = None
            held = []
        if chance.random() < 0.05:
            slot.check_find()
    return slot


@pytest.mark.parametrize("video", [True, False])
@pytest.mark.parametrize("padding", [0.0, 0.05, 0.5])
def test_a_slot_stays_continuous_whatever_happens(video: bool, padding: float) -> None:
    late = forgotten = switches = reached = 0
    for seed in range(SEEDS):
        slot = meeting(seed, video, padding)
        reached += slot.check_find()
        late += slot.late
        forgotten += slot.forgotten
        switches += slot.switches
    # The run must have seen what it is about.
    assert late > 10 * SEEDS
    assert switches > 10 * SEEDS
    assert reached > 20 * SEEDS
    assert forgotten <= late * (0.2 if padding == 0.5 else 0.01)
