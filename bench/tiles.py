"""CPU of a client with nine tiles in an end-to-end room, beside the same meeting in a managed room.

A real appliance and real Chromium: the eight others are pages of one browser that look at nobody, and the client that
is measured has a browser of its own. Cameras give 320x180 at 8 a second, which two cores can encode for nine. CPU is
that of the measured browser with every process it has started, fake camera and encoder included; beside it stands how
many pictures it decoded, as a browser that gets too little of a busy machine decodes fewer. Rooms take turns, so that
whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
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

from bench.client import cpu_percent, shows  # noqa: E402
from tests.browser.appliance import RunningAppliance  # noqa: E402
from tests.browser.browsers import Browser, Camera  # noqa: E402
from tests.browser.network import Namespace, Network  # noqa: E402
from tests.browser.participants import Participant, eventually  # noqa: E402

OTHERS = 8
CAMERA = Camera(320, 180, 8)
PROTECTIONS = ("managed", "end-to-end")
# A page that nobody looks at asks for no pictures.
UNSEEN = """Object.defineProperties(Document.prototype, {
  hidden: { get: () => true },
  visibilityState: { get: () => "hidden" },
})"""


def main() -> int:
    """Measures, prints the figures, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of CPU time a turn (default %(default)s)")
    parser.add_argument("--turns", type=int, default=2, help="of each room (default %(default)s)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="conclave-") as directory, Network() as network:
        workspace = Path(directory)
        workspace.chmod(0o711)
        appliance = RunningAppliance(network, workspace / "state")
        try:
            places = (network.add_client("others"), network.add_client("measured"))
            turns: dict[str, list[dict[str, float]]] = {protection: [] for protection in PROTECTIONS}
            for number in range(options.turns):
                for protection in PROTECTIONS:
                    room = f"{protection}-{number}"
                    appliance.make_room(room, protection=protection)
                    invite = appliance.invite(room, "--role", "host")
                    turns[protection].append(measure(places, workspace, invite, options.seconds))
        finally:
            appliance.close()
    cpu = {name: statistics.median(each["cpu_percent_of_a_core"] for each in taken) for name, taken in turns.items()}
    figures = {
        "tiles": OTHERS + 1,
        "load_average": os.getloadavg()[0],
        "turns": turns,
        "cpu_percent_of_a_core": cpu,
        "end_to_end_of_managed": round(cpu["end-to-end"] / cpu["managed"], 2),
    }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def measure(places: tuple[Namespace, Namespace], workspace: Path, invite: str, seconds: float) -> dict[str, Any]:
    """One meeting: CPU and decoded pictures of one client of nine."""
    browsers: list[Browser] = []
    try:
        for place in places:
            # One by one, so that the first is closed if the second does not start.
            browsers.append(Browser("chromium", place, workspace / f"{place.name}.log"))  # noqa: PERF401
        for number in range(OTHERS):
            Participant(browsers[0], f"Number {number}", CAMERA, UNSEEN).join(invite)
        person = Participant(browsers[1], "Measured", CAMERA)
        person.join(invite)
        eventually(f"{OTHERS} pictures", 90, partial(shows, person, OTHERS))
        before, begin = decoded(person), time.monotonic()
        percent = cpu_percent(browsers[1], seconds)
        pictures = (decoded(person) - before) / (time.monotonic() - begin)
        return {"cpu_percent_of_a_core": percent, "pictures_per_second": round(pictures, 1)}
    finally:
        for browser in browsers:
            browser.close()


def decoded(person: Participant) -> int:
    """Pictures of everybody else so far."""
    return sum(int(slot["framesDecoded"]) for slot in person.statistics()["slots"])


if __name__ == "__main__":
    raise SystemExit(main())
