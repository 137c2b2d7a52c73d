"""People in a meeting, each through a page of a real browser, and what they see and hear."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from tests.browser.browsers import Browser, Camera, Page

__all__ = ["Participant", "delays", "eventually"]

T = TypeVar("T")
_never = Event()


def eventually(what: str, seconds: float, probe: Callable[[], T | None]) -> T:
    """Asks until the answer is true, and returns it. Fails with the last answer when none came in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}; last answer {answer!r}"
        _never.wait(0.1)


class Participant:
    """One person in a meeting."""

    def __init__(self, browser: Browser, name: str, camera: Camera | None = None, script: str = "") -> None:
        self.name = name
        self.page: Page = browser.open(name, camera, script)

    def join(self, invite: str) -> None:
        """Opens the link, types the name, joins, and returns when media flows."""
        self.ask(invite)
        self.comes_in()

    def ask(self, invite: str) -> None:
        """Opens the link, types the name unless the invite fixes it, and presses Join."""
        self.page.do("goto", "about:blank")  # Otherwise a page that has the same link already stays as it is.
        self.page.do("goto", invite)
        self.ask_here()

    def ask_here(self) -> None:
        """As `ask`, on the page that is open."""
        self._wait("document.querySelector('.name-form input') !== null", 20, "sees the form")
        if not self.page.evaluate("document.querySelector('.name-form input').readOnly"):
            self.page.do("fill", "Your name", self.name)
        # The devices are asked for while the person types; who joins before has no camera yet.
        self._wait("document.querySelector('.preview video')?.videoWidth > 0", 30, "sees the own camera")
        self.press("Join meeting")

    def comes_in(self) -> None:
        """Returns when the person is in the meeting and media flows."""
        self._wait("window.conclave?.state().phase === 'meeting'", 20, "is in the meeting")
        self._wait("window.conclave.state().media === 'connected'", 30, "is connected to the core")

    def press(self, button: str) -> float:
        """Presses a button by its name, and returns when the page heard of it, seconds since the epoch."""
        return float(self.page.do("press", button)) / 1000

    def press_within(self, group: str, button: str) -> None:
        """Presses the button of this name in the group of this name, of which there may be many."""
        inside = f"[aria-label={json.dumps(group, ensure_ascii=False)}]"
        self.page.evaluate(f"""(() => {{
          const buttons = [...document.querySelectorAll({json.dumps(f"{inside} :is(button, [role])")})];
          const named = (each) => (each.getAttribute("aria-label") ?? each.textContent).trim();
          buttons.find((each) => named(each) === {json.dumps(button)}).click();
        }})()""")

    def must_see(self, condition: str, seconds: float = 15) -> None:
        """Fails unless the condition comes true in time."""
        self._wait(condition, seconds, f"sees {condition}")

    def sees(self, condition: str, seconds: float) -> Future[Any]:
        """Watches for a condition on the page, from now on."""
        return self.page.until(condition, seconds)

    def state(self) -> Any:
        return self.page.evaluate("window.conclave.state()")

    def statistics(self) -> Any:
        return self.page.evaluate("window.conclave.stats()")

    def slots_by_source(self) -> dict[str, Any]:
        """What each slot receives, by "NAME/camera" and so on."""
        names = {each["id"]: each["name"] for each in self.state()["participants"]}
        slots = {}
        for slot in self.statistics()["slots"]:
            owner, _, kind = slot["sourceId"].rpartition("/")
            if owner in names:
                slots[f"{names[owner]}/{kind}"] = slot
        return slots

    def received(self, source: str) -> int:
        """Decoded frames of a picture, received packets of a sound; 0 while no slot shows it."""
        slot = self.slots_by_source().get(source)
        if slot is None:
            return 0
        return int(slot["framesDecoded"] if slot["kind"] == "video" else slot["packetsReceived"])

    def receives(self, sources: Sequence[str], seconds: float, growth: int = 5) -> None:
        """Fails unless every source's frames or packets grow by this much in time."""
        before: dict[str, int] = {}

        def all_grow() -> bool:
            slots = self.slots_by_source()
            for source in sources:
                slot = slots.get(source)
                if slot is None:
                    before.pop(source, None)  # Another slot counts from another number.
                    return False
                count = int(slot["framesDecoded"] if slot["kind"] == "video" else slot["packetsReceived"])
                # A new peer connection counts from the start again.
                before[source] = min(before.get(source, count), count)
                if count < before[source] + growth:
                    return False
            return True

        eventually(f"{self.name} receives {', '.join(sources)}", seconds, all_grow)

    def come_to_front(self) -> None:
        """Makes this page the visible one of its browser: who sees nobody asks for no pictures."""
        self.page.do("show")

    def report(self, directory: Path) -> None:
        """Leaves a picture and what the page knows, for whoever reads a failure."""
        self.page.do("screenshot", str(directory / f"{self.name}.png"))
        known = {"state": self.state(), "statistics": self.statistics(), "messages": self.page.do("messages")}
        (directory / f"{self.name}.json").write_text(json.dumps(known, indent=2))

    def close(self) -> None:
        self.page.do("close")

    def _wait(self, condition: str, seconds: float, what: str) -> None:
        if self.page.until(condition, seconds).result() is None:
            text = self.page.evaluate("document.body.innerText")
            messages = self.page.do("messages")
            raise AssertionError(f"{self.name} never {what}\n{text}\n{messages}")


def delays(since: float, seen: Sequence[Future[Any]]) -> list[float]:
    """How many seconds after `since` each watcher saw what it waited for; infinity for never."""
    times = [future.result() for future in seen]
    return [float("inf") if at is None else round(at / 1000 - since, 3) for at in times]
