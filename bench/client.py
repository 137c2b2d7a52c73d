"""What a meeting costs a browser: bytes of the page, time from Join to the first picture, CPU with 1, 4 and 9 tiles.

A real appliance and real Chromium, each in a network namespace of its own (root is needed). The others in the meeting
are the demo's synthetic participants, outside the browser that is measured. CPU is that of the whole browser: of every
process it has started, fake camera and encoder included.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "core", "services", "proto")]

from tests.browser.appliance import RunningAppliance  # noqa: E402
from tests.browser.browsers import Browser, Camera  # noqa: E402
from tests.browser.network import Network  # noqa: E402
from tests.browser.participants import Participant, eventually  # noqa: E402

STATIC = ROOT / "services/conclave/services/gateway/static"
TILES = (1, 4, 9)
CAMERA = Camera(640, 360, 15)
FIRST_PICTURE = """(async () => {
  const { slots } = (await window.conclave?.stats()) ?? { slots: [] };
  return slots.some((slot) => slot.kind === "video" && slot.framesDecoded > 0);
})()"""


def main() -> int:
    """Measures, prints the figures, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--joins", type=int, default=20, help="joins measured (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of CPU time a tile count (default %(default)s)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    figures: dict[str, Any] = {"page": page_sizes()}
    with tempfile.TemporaryDirectory(prefix="conclave-") as directory, Network() as network:
        workspace = Path(directory)
        workspace.chmod(0o711)
        appliance = RunningAppliance(network, workspace / "state", "--demo")
        try:
            browser = Browser("chromium", network.add_client("measured"), workspace / "measured.log")
            try:
                figures |= measure(appliance, browser, options.joins, options.seconds)
            finally:
                browser.close()
        finally:
            appliance.close()
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def page_sizes() -> dict[str, int]:
    """Bytes of every file of the page as gzip -9 makes them."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    return {str(path.relative_to(STATIC)): len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in files}


def measure(appliance: RunningAppliance, browser: Browser, joins: int, seconds: float) -> dict[str, Any]:
    appliance.make_room("bench")
    appliance.conclave("demo", "remove", "--all")
    invite = appliance.invite("bench", "--role", "host")
    others = 0
    rows = []
    first: dict[str, float] = {}
    for tiles in TILES:
        if tiles - 1 > others:
            appliance.conclave("demo", "add", "--room", "bench", "--count", str(tiles - 1 - others))
            others = tiles - 1
        if tiles == TILES[1]:
            first = first_pictures(browser, invite, joins)
        participant = Participant(browser, f"with {tiles} tiles", CAMERA)
        participant.join(invite)
        eventually(f"{tiles} tiles", 60, partial(shows, participant, others))
        rows.append({"tiles": tiles, "cpu_percent_of_a_core": cpu_percent(browser, seconds)})
        participant.close()
    return {"first_picture_seconds": first, "cpu": rows}


def first_pictures(browser: Browser, invite: str, joins: int) -> dict[str, float]:
    """From the press of Join to the first decoded picture of somebody else, seconds."""
    taken = []
    for number in range(joins):
        participant = Participant(browser, f"joins {number}", CAMERA)
        participant.page.do("goto", invite)
        participant.page.do("fill", "Your name", participant.name)
        eventually("own picture", 30, partial(own_picture, participant))
        seen = participant.page.until(FIRST_PICTURE, 30)
        pressed = participant.press("Join meeting")
        at = seen.result()
        assert at is not None, "no picture within 30 s"
        taken.append(at / 1000 - pressed)
        participant.press("Leave meeting")
        participant.close()
    taken.sort()
    return {
        "joins": joins,
        "p50": round(statistics.median(taken), 3),
        "p95": round(taken[min(len(taken) - 1, round(0.95 * len(taken)))], 3),
    }


def own_picture(participant: Participant) -> bool:
    return bool(participant.page.evaluate("document.querySelector('.preview video')?.videoWidth > 0"))


def shows(participant: Participant, others: int) -> bool:
    """Whether the pictures of this many others are being decoded."""
    slots = participant.statistics()["slots"]
    return sum(slot["kind"] == "video" and slot["framesDecoded"] > 0 for slot in slots) == others


def cpu_percent(browser: Browser, seconds: float) -> float:
    """CPU of a browser with everything it started, percent of one core, over this time."""
    before, begin = cpu_seconds(browser.process_id), time.monotonic()
    time.sleep(seconds)
    return round(100 * (cpu_seconds(browser.process_id) - before) / (time.monotonic() - begin), 1)


def cpu_seconds(root: int) -> float:
    """CPU time of a process and of all its living descendants."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(entry.name)], ticks[int(entry.name)] = int(fields[1]), int(fields[11]) + int(fields[12])

    def descends(process: int) -> bool:
        while process > 1:
            if process == root:
                return True
            process = parents.get(process, 0)
        return False

    return sum(count for process, count in ticks.items() if descends(process)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
