"""How long after a leave or a removal everybody else is in an epoch that excludes the leaver, in real browsers.

Two people in Chromium and one in Firefox stay; one more in Chromium comes and leaves, or is removed by the host, in
turn. The clock starts with the click. It ends when the last one's worker has the new keys, from when on it sends under
no other: what was sent before is the last that the leaver could decrypt, had it still been delivered.
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
from tests.browser.browsers import Browser  # noqa: E402
from tests.browser.network import Network  # noqa: E402
from tests.browser.participants import Participant, eventually  # noqa: E402

STAYING = (("Host", "chromium"), ("Jonas", "chromium"), ("Søren", "firefox"))
GUEST = "Guest"
# Notes when a page is clicked, and when its worker has answered with an epoch: by then its keys are in use.
NOTING = """(() => {
  const now = () => performance.timeOrigin + performance.now();
  const noted = (window.noted = { clicked: 0, epochs: [] });
  const known = new WeakSet();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (...values) {
    if (!known.has(this)) {
      known.add(this);
      this.addEventListener("message", ({ data }) => {
        const view = data.value?.view;
        if (view !== undefined) noted.epochs.push([Number(view.epoch), view.members.length, now()]);
      });
    }
    return postMessage.apply(this, values);
  };
  addEventListener("click", () => (noted.clicked = now()), true);
})()"""


def main() -> int:
    """Measures, prints the figures, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="of each kind (default %(default)s)")
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
            figures = measure(appliance, browsers, options.rounds)
        finally:
            for browser in browsers.values():
                browser.close()
            appliance.close()
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def measure(appliance: RunningAppliance, browsers: dict[str, Browser], rounds: int) -> dict[str, Any]:
    appliance.make_room("removal", protection="end-to-end")
    invite = appliance.invite("removal", "--role", "host")
    staying = [Participant(browsers[engine], name, None, NOTING) for name, engine in STAYING]
    for each in staying:
        each.join(invite)
    guest = Participant(browsers["chromium"], GUEST, None, NOTING)
    taken: dict[str, list[float]] = {"leave": [], "removal": []}
    for number in range(2 * rounds):
        kind = ("leave", "removal")[number % 2]
        guest.join(appliance.invite("removal"))
        eventually("all are in one epoch", 60, partial(together, [*staying, guest]))
        epoch = staying[0].state()["protection"]["epoch"]
        begin = 1000 * guest.press("Leave meeting") if kind == "leave" else remove(staying[0])
        ends = []
        for each in staying:
            each.must_see(f"window.conclave.state().protection.epoch > {epoch}", 30)
            ends.append(each.page.evaluate(f"window.noted.epochs.find(([epoch]) => epoch > {epoch})[2]"))
        taken[kind].append((max(ends) - begin) / 1000)
    return {"load_average": os.getloadavg()[0], **{kind: summary(each) for kind, each in taken.items()}}


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


def summary(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return {"rounds": len(ordered), "p50_s": round(statistics.median(ordered), 3), "p95_s": round(p95, 3)}


if __name__ == "__main__":
    raise SystemExit(main())
