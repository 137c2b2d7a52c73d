"""Whole meetings: the core's CPU, and what it adds to a packet's way.

Everybody who is seen sends a camera of three layers at 30 pictures a second, its packets spread over a frame as
browsers pace them, and everybody who speaks sends Opus. Everybody shows one other person large (frames of five
packets), the others small (single packets), and hears three speakers. Eight people see and hear each other; of 50 and
300, nine are seen and five speak: clients switch off cameras that nobody shows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "bench", "core", "services", "proto", "tests/integration")]

from bench.scenarios import Row  # noqa: E402
from load.client import Client  # noqa: E402
from load.stage import Stage, program  # noqa: E402

from conclave.media.v1 import control_pb2 as pb  # noqa: E402

AUDIO_SLOTS = 3
RIDS = ("q", "h", "f")
LAYERS = {"q": (1, 600), "h": (2, 1000), "f": (5, 1100)}  # packets of a frame, bytes of each
LARGE, SMALL, AUDIO = range(3)  # groups of latencies
GROUPS = {"large": LARGE, "small": SMALL, "audio": AUDIO}
FRAME_MS = 1000 / 30
SPREAD_US = 150  # from packet to packet of a frame


@dataclass(frozen=True)
class Size:
    """Of a meeting; slots: for video, of everybody."""

    people: int
    seen: int
    speaking: int
    slots: int


SIZES = (Size(8, 8, 8, 7), Size(50, 9, 5, 9), Size(300, 9, 5, 9))


def measure(quick: bool) -> list[Row]:
    """A row a meeting."""
    return [meet(size, 2.0 if quick else 10.0) for size in (SIZES[:2] if quick else SIZES)]


def meet(size: Size, seconds: float) -> Row:
    with Stage() as stage:
        people = stage.join(
            *(f"p{number}" for number in range(size.people)),
            rids=RIDS,
            audio_slots=AUDIO_SLOTS,
            video_slots=size.slots,
        )
        for number, person in enumerate(people):
            if number < size.seen:
                send_camera(person, FRAME_MS * number / size.seen)
            if number < size.speaking:
                person.send_audio(level=20 + number, start_ms=20 * number / size.speaking)
        for person in people:
            look(person, people[: size.seen], size.slots)
        stage.run_until(
            lambda: all(person.arrived("rv0")["frames"] and person.arrived("ra0")["packets"] for person in people),
            "pictures and sound for everybody",
        )
        stage.generator.run(1.0)
        worked = stage.work(seconds)
        row: Row = {
            "people": size.people,
            "video_slots": size.slots,
            "audio_slots": AUDIO_SLOTS,
            "cpu_percent": worked.cpu_percent,
            "packets_received_per_s": worked.packets_received / seconds,
            "packets_sent_per_s": worked.packets_sent / seconds,
            "packets_per_group": worked.packets_sent / worked.groups_sent,
            "ns_per_packet": worked.cpu_ns / worked.packets_sent,
            "frames_left_out": stage.generator.skipped,
            "packets_dropped": sum(worked.dropped.values()),
        }
        for name, group in GROUPS.items():
            median, p99 = stage.generator.quantiles(group, (0.5, 0.99))
            row |= {f"{name}_p50_us": median / 1000, f"{name}_p99_us": p99 / 1000}
        row["lost_packets"] = sum(
            person.arrived(mid)["lost"] for person in people for mid in person.streams if mid.startswith("rv")
        )
        return row


def send_camera(person: Client, start_ms: float) -> None:
    for rid in RIDS:
        packets, size = LAYERS[rid]
        person.send_video(
            rid=rid,
            interval_ms=FRAME_MS,
            packets=packets,
            key_packets=3 * packets,
            size=size,
            size_spread=size // 4,
            larger_packets=packets // 2,
            gap_us=SPREAD_US,
            start_ms=start_ms,
        )


def look(person: Client, seen: list[Client], slots: int) -> None:
    """The first of the others large, the rest small."""
    others = [other for other in seen if other is not person][:slots]
    wishes = [
        pb.SlotWish(mid=f"rv{number}", source_id=f"{other.name}/v", max_layer=0 if number else len(RIDS) - 1)
        for number, other in enumerate(others)
    ]
    person.core.ask(set_slots=pb.SetSlots(transport_id=person.name, slots=wishes))
    for number in range(len(others)):
        person.watch(f"rv{number}", group=SMALL if number else LARGE)
    for number in range(AUDIO_SLOTS):
        person.watch(f"ra{number}", group=AUDIO)


if __name__ == "__main__":
    sys.exit(program("meeting", str(__doc__), measure))
