"""How long after a leave or a removal everybody else is in an epoch that excludes the leaver, in real browsers.

Two people in Chromium and one in Firefox stay; one more in Chromium comes and leaves, or is removed by the host, in
turn. The clock starts with the click. It ends when the last one's worker has said that it has the new keys, from when
on it sends under no other: what was sent before is the last that the leaver could decrypt, had it still been delivered.

One machine plays four people's and the appliance. With cameras of 320x180 at 8 a second two cores can just about carry
it; what larger ones add is this machine's own want of time, which people with a machine each do not have.

The stages are medians: until the host's client is asked for a commit (the appliance has cut the leaver off), until its
worker has made it, until the last one has it back (stored and sent on), until the last one's worker has the new keys.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "core", "services", "proto")]

from tests.browser.appliance import RunningAppliance  # noqa: E402
from tests.browser.browsers import Browser, Camera  # noqa: E402
from tests.browser.network import Network  # noqa: E402
from tests.browser.participants import Participant, eventually  # noqa: E402

STAYING = (("Host", "chromium"), ("Jonas", "chromium"), ("Søren", "firefox"))
GUEST = "Guest"
# Notes when a page is clicked, when its worker is asked for a commit and gives it, and when it is given a message and
# has answered with an epoch: by then its keys are in use.
NOTING = """(() => {
  const now = () => performance.timeOrigin + performance.now();
  const noted = (window.noted = { clicked: 0, asked: 0, made: 0, epochs: [] });
  const known = new WeakSet();
  const asked = new Map();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (...values) {
    if (!known.has(this)) {
      known.add(this);
      this.addEventListener("message", ({ data }) => {
        const { name, at } = asked.get(data.id) ?? {};
        asked.delete(data.id);
        const view = data.value?.view;
        if (name === "commit") Object.assign(noted, { asked: at, made: now() });
        if (name === "process" && view !== undefined) noted.epochs.push([Number(view.epoch), at, now()]);
      });
    }
    const { id, name } = values[0];
    if (["commit", "process"].includes(name)) asked.set(id, { name, at: now() });
    return postMessage.apply(this, values);
  };
  addEventListener("click", () => (noted.clicked = now()), true);
})()"""
STAGES = ("commit_asked", "commit_made", "commit_delivered", "keys_new")


def main() -> int:
    """Measures, prints the figures, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="of each kind (default %(default)s)")
    parser.add_argument("--camera", type=camera, default=Camera(), help="WIDTHxHEIGHT@RATE (default 320x180@8)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="conclave-") as directory, Network() as network:
        workspace = Path(directory)
        workspace.chmod(0o711)
        appliance = RunningAppliance(network, workspace / "state")
        browsers: dict[str, Browser] = {}
        try:
            for engine in ("chromium", "firefox"):
                browsers[engine] = Browser(engine, network.add_client(engine), workspace / f"{engine}.log")
            figures = measure(appliance, browsers, options.rounds, options.camera)
        finally:
            for browser in browsers.values():
                browser.close()
            appliance.close()
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def camera(text: str) -> Camera:
    size, _, rate = text.partition("@")
    width, _, height = size.partition("x")
    return Camera(int(width), int(height), int(rate))


def measure(
    appliance: RunningAppliance, browsers: dict[str, Browser], rounds: int, each_camera: Camera
) -> dict[str, Any]:
    appliance.make_room("removal", protection="end-to-end")
    invite = appliance.invite("removal", "--role", "host")
    staying = [Participant(browsers[engine], name, each_camera, NOTING) for name, engine in STAYING]
    for each in staying:
        each.join(invite)
    guest = Participant(browsers["chromium"], GUEST, each_camera, NOTING)
    taken: dict[str, list[list[float]]] = {"leave": [], "removal": []}
    for number in range(2 * rounds):
        kind = ("leave", "removal")[number % 2]
        guest.join(appliance.invite("removal"))
        eventually("all are in one epoch", 60, partial(together, [*staying, guest]))
        epoch = staying[0].state()["protection"]["epoch"]
        begin = 1000 * guest.press("Leave meeting") if kind == "leave" else remove(staying[0])
        given, ends = [], []
        for each in staying:
            each.must_see(f"window.conclave.state().protection.epoch > {epoch}", 30)
            _, handed, end = each.page.evaluate(f"window.noted.epochs.find(([epoch]) => epoch > {epoch})")
            given.append(handed)
            ends.append(end)
        noted = staying[0].page.evaluate("window.noted")
        taken[kind].append([begin, noted["asked"], noted["made"], max(given), max(ends)])
    picture = f"{each_camera.width}x{each_camera.height}@{each_camera.frame_rate}"
    figures = {kind: summary(rows) for kind, rows in taken.items()}
    return {"load_average": os.getloadavg()[0], "camera": picture, **figures}


def together(people: list[Participant]) -> bool:
    known = [each.state()["protection"] for each in people]
    return len({each["code"] for each in known}) == 1 and all(len(each["members"]) == len(people) for each in known)


def remove(host: Participant) -> float:
    """Removes the guest; returns when the host's page heard of it, milliseconds."""
    host.press("People")
    host.press(f"More actions for {GUEST}")
    host.press_within(f"More actions for {GUEST}", "Remove from the meeting")
    host.must_see(f"document.querySelector('[aria-label=\"Remove {GUEST}?\"]') !== null")
    host.press_within(f"Remove {GUEST}?", "Remove from the meeting")
    clicked = float(host.page.evaluate("window.noted.clicked"))
    host.press("Close People")
    return clicked


def summary(rows: list[list[float]]) -> dict[str, Any]:
    """rows: when it began and when each stage was over, milliseconds."""
    seconds = sorted((row[-1] - row[0]) / 1000 for row in rows)
    p95 = seconds[min(len(seconds) - 1, round(0.95 * len(seconds)))]
    stages = {
        f"{stage}_ms": round(statistics.median(row[number + 1] - row[number] for row in rows))
        for number, stage in enumerate(STAGES)
    }
    times = {"p50_s": statistics.median(seconds), "p95_s": p95, "worst_s": seconds[-1]}
    return {"rounds": len(rows), **{name: round(time, 3) for name, time in times.items()}, "stages": stages}


if __name__ == "__main__":
    raise SystemExit(main())
