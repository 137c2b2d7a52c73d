"""What is left of a camera after loss, and of a picture while its layer changes.

Receivers ask for what they miss, as clients do (NACK, RTX); what is lost is chosen by the generator at random, with a
seed, RTX included. A frame is whole when all its packets are there within 200 ms of its first one.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "bench", "core", "services", "proto", "tests/integration")]

from bench.scenarios import Row  # noqa: E402
from load.client import Client  # noqa: E402
from load.stage import Stage, program  # noqa: E402

LOSSES = (0.0, 0.01, 0.05, 0.1)
CAMERA = {"interval_ms": 1000 / 30, "packets": 5, "key_packets": 12, "size": 1100, "size_spread": 200, "gap_us": 100}
RIDS = ("q", "h", "f")
LAYERS = {"q": (1, 600), "h": (2, 1000), "f": (5, 1100)}  # packets of a frame, bytes of each
SWITCH_SECONDS = 1.0


def measure(quick: bool) -> list[Row]:
    """A row a share of loss, and one for layers that change."""
    return [*lossy(3.0 if quick else 20.0), switching(4 if quick else 20)]


def lossy(seconds: float) -> list[Row]:
    """One publisher, a receiver for each share of loss."""
    with Stage() as stage:
        (publisher,) = stage.join("publisher", audio_slots=0, video_slots=0)
        receivers = stage.join(*(f"receiver{number}" for number in range(len(LOSSES))), audio_slots=0)
        publisher.send_video(**CAMERA)
        for receiver, share in zip(receivers, LOSSES, strict=True):
            receiver.watch("rv0")
            receiver.show("rv0", f"{publisher.name}/v")
            stage.generator.lose(receiver.leg, share)
        stage.run_until(lambda: all(one.arrived("rv0")["frames"] for one in receivers), "the first frames")
        stage.work(seconds)
        return [row_of(receiver, share) for receiver, share in zip(receivers, LOSSES, strict=True)]


def row_of(receiver: Client, share: float) -> Row:
    came = receiver.arrived("rv0")
    return {
        "case": "loss",
        "loss_percent": 100 * share,
        "frames": came["frames"],
        "frames_whole_percent": 100 * came["frames_whole"] / came["frames"],
        "packets_repaired": came["repaired"],
        "packets_never_came": came["lost"],
        "packets_nacked": came["nacked"],
        "longest_gap_ms": came["longest_gap_ns"] / 1e6,
    }


def switching(switches: int) -> Row:
    """A receiver that asks for the smallest and the largest layer in turn."""
    with Stage() as stage:
        (publisher,) = stage.join("publisher", rids=RIDS, audio_slots=0, video_slots=0)
        (receiver,) = stage.join("receiver", audio_slots=0)
        for rid in RIDS:
            packets, size = LAYERS[rid]
            publisher.send_video(rid=rid, interval_ms=1000 / 30, packets=packets, size=size, gap_us=100)
        receiver.watch("rv0")
        source = f"{publisher.name}/v"
        receiver.show("rv0", source, max_layer=len(RIDS) - 1)
        stage.run_until(lambda: receiver.arrived("rv0")["frames"] > 0, "the first frame")
        stage.work(SWITCH_SECONDS)
        stage.generator.reset()
        for number in range(switches):
            receiver.show("rv0", source, max_layer=0 if number % 2 == 0 else len(RIDS) - 1)
            stage.generator.run(SWITCH_SECONDS)
        came = receiver.arrived("rv0")
        return {
            "case": "layer switch",
            "switches_wanted": switches,
            "switches": came["switches"],
            "frames": came["frames"],
            "frames_whole_percent": 100 * came["frames_whole"] / came["frames"],
            "longest_gap_ms": came["longest_gap_ns"] / 1e6,
        }


if __name__ == "__main__":
    sys.exit(program("loss", str(__doc__), measure))
