"""Takes the pictures of the README anew: .venv/bin/python -m tests.browser.pictures [DIRECTORY]

Starts an appliance with the demo's participants in network namespaces, as the browser tests do, so it runs as root,
after ./tests/run has built everything. What moves in the pictures differs from one time to the next.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.appliance import ROOT, RunningAppliance
from tests.browser.browsers import Browser, Page
from tests.browser.network import Network

__all__ = ["main"]

PICTURES = ROOT / "services" / "web" / "pictures"
ROOM, TITLE = "credit-committee", "Credit committee"
SECRET_ROOM, SECRET_TITLE = "takeover", "Takeover offer"
ME, WAITING = "Sofia Marek", "Ingrid Solberg"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LYING_PHONE = {"width": 844, "height": 390}
# What 1280x800 leaves at 200 %.
ZOOMED = {"width": 640, "height": 400}
_SECONDS = 60.0


@dataclass
class Visitor:
    """A page in front of the camera."""

    page: Page
    directory: Path

    def open(self, invite: str, language: str = "en") -> None:
        address, _, token = invite.partition("#")
        self.page.do("goto", "about:blank")
        self.page.do("goto", f"{address}?lang={language}#{token}")
        self.awaits("document.querySelector('h1') !== null")

    def join(self, name: str) -> None:
        """Asks to be let in, in any language, and without camera: the browser's own test picture is not pretty."""
        self.turn_camera_off()
        self.page.evaluate("document.querySelector('main form input').focus()")
        self.page.do("type", name)
        self.page.do("key", "Enter")

    def turn_camera_off(self) -> None:
        self.awaits("document.querySelector('.preview video')?.videoWidth > 0")
        # Microphone and camera, in this order.
        self.page.evaluate("document.querySelectorAll('.preview-buttons button')[1].click()")
        self.awaits("document.querySelector('.preview video') === null")

    def awaits(self, condition: str) -> None:
        if self.page.until(condition, _SECONDS).result() is None:
            raise SystemExit(f"never {condition}; the page says\n{self.page.evaluate('document.body.innerText')}")

    def sees(self, people: int) -> None:
        """Everybody is there, and each picture that is sent is shown."""
        self.awaits(f"window.conclave.state().participants.length === {people}")
        self.awaits("""[...document.querySelectorAll("[role=group][data-source-id]")]
          .every((tile) => tile.dataset.sourceId === "" || tile.querySelector(".initials") === null)""")

    def take(self, name: str, size: dict[str, int] | None = None, theme: str = "light") -> None:
        """Takes the picture NAME.jpg."""
        wanted = size or DESKTOP
        self.page.do("media", {"colorScheme": theme, "reducedMotion": "reduce"})
        self.page.do("resize", wanted)
        self.awaits(f"innerWidth === {wanted['width']} && innerHeight === {wanted['height']}")
        # Two frames later the new size is laid out and painted.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        # Another layout has other tiles, whose pictures come a moment later.
        self.awaits("document.querySelector('.initials.loading') === null")
        self.page.do("screenshot", str(self.directory / f"{name}.jpg"))

    @contextmanager
    def opened(self, key: str) -> Iterator[None]:
        """What the key opens, a panel or a dialog, is open meanwhile."""
        self.page.do("key", key)
        self.awaits("document.querySelector('.panel, dialog[open]') !== null")
        yield
        self.page.do("key", "Escape")
        self.awaits("document.querySelector('.panel, dialog[open]') === null")


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the pictures of the README anew.")
    parser.add_argument("directory", type=Path, nargs="?", default=PICTURES, help="where they go")
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="conclave-") as workspace, Network() as network:
        Path(workspace).chmod(0o711)
        appliance = RunningAppliance(network, Path(workspace) / "state", "--demo")
        browser, denying = (
            Browser(engine, network.add_client(engine), Path(workspace) / f"{engine}.log")
            for engine in ("chromium", "chromium-asking")
        )
        try:
            take_all(appliance, browser, denying, directory)
        finally:
            browser.close()
            denying.close()
            appliance.close()
    for path in sorted(directory.glob("*.jpg")):
        print(f"{path.name}: {path.stat().st_size // 1000} kB")


def take_all(appliance: RunningAppliance, browser: Browser, denying: Browser, directory: Path) -> None:
    """browser: gives a page all its devices; denying: none."""
    appliance.conclave("room", "create", ROOM, "--display-name", TITLE, "--protection", "managed", "--lobby")
    invite = appliance.invite(ROOM, "--role", "host")
    me = Visitor(browser.open("me"), directory)
    take_arrival(me, invite)
    take_blocked(Visitor(denying.open("denied"), directory), invite)
    appliance.conclave("demo", "remove", "--all")
    take_meeting(me, appliance, browser)
    take_failures(me, appliance)
    take_end_to_end(me, appliance, browser)


def take_arrival(me: Visitor, invite: str) -> None:
    me.open(invite)
    me.turn_camera_off()
    me.take("invite")
    me.take("invite-dark", theme="dark")
    me.take("invite-phone", PHONE)
    me.open(f"{invite[:-4]}AAAA")
    me.take("refused")


def take_blocked(denied: Visitor, invite: str) -> None:
    """The browser was told to give no device."""
    denied.open(invite)
    denied.awaits("document.querySelector('.device-help') !== null")
    denied.take("blocked")
    denied.take("blocked-phone", PHONE)
    denied.page.do("close")


def take_meeting(me: Visitor, appliance: RunningAppliance, browser: Browser) -> None:
    invite = appliance.invite(ROOM, "--role", "host")
    me.open(invite)
    me.join(ME)
    me.awaits("window.conclave.state().media === 'connected'")
    bring(appliance, me, 3)
    me.sees(4)
    me.take("meeting-4")
    me.take("meeting-4-dark", theme="dark")
    me.take("meeting-phone", PHONE)
    me.take("meeting-phone-lying", LYING_PHONE, theme="dark")
    me.take("meeting-200-percent", ZOOMED)
    with me.opened("?"):
        me.take("shortcuts", theme="dark")

    waiting = Visitor(browser.open("waiting"), me.directory)
    waiting.open(appliance.invite(ROOM))
    waiting.join(WAITING)
    waiting.awaits("window.conclave.state().phase === 'waiting'")
    waiting.take("waiting")
    me.page.do("show")
    with me.opened("p"):
        me.awaits(f"document.querySelector('.panel').innerText.includes('{WAITING}')")
        me.take("people-and-lobby")
        me.take("people-and-lobby-phone", PHONE)
        me.page.evaluate("document.querySelector('.lobby .button.primary').click()")
        waiting.awaits("window.conclave.state().phase === 'meeting'")
    take_chat(me, waiting)
    take_removed(me, waiting)
    waiting.page.do("close")

    german = Visitor(browser.open("german"), me.directory)
    german.open(invite, "de")
    german.take("invite-german")
    german.join("Karin Weber")
    german.sees(5)
    with german.opened("p"):
        german.take("meeting-german")
    german.page.do("close")

    me.page.do("show")
    me.sees(4)
    appliance.conclave("demo", "share")
    me.awaits("document.querySelector('[role=group][aria-label$=\"screen\"] video')?.videoWidth > 0")
    me.sees(4)
    me.take("speaker-and-screen")
    appliance.conclave("demo", "share", "--stop")
    bring(appliance, me, 5)
    me.sees(9)
    me.take("meeting-9")
    me.take("meeting-9-dark", theme="dark")


def take_chat(me: Visitor, guest: Visitor) -> None:
    guest.page.do("key", "c")
    guest.page.do("fill", "Message", "Good morning. The valuation is on its way.")
    guest.page.do("key", "Enter")
    me.page.do("show")
    with me.opened("c"):
        me.awaits("document.querySelectorAll('.chat-words').length === 1")
        me.page.do("fill", "Message", "Thank you. We look at it before we vote.")
        me.page.do("key", "Enter")
        me.awaits("document.querySelectorAll('.chat-words').length === 2")
        me.take("chat")
        me.take("chat-phone-dark", PHONE, theme="dark")
    guest.page.do("show")
    guest.page.do("key", "Escape")
    me.page.do("show")


def take_end_to_end(me: Visitor, appliance: RunningAppliance, browser: Browser) -> None:
    """A room that the appliance cannot read: the demo's people are not in it, so its pictures are initials."""
    appliance.conclave("room", "create", SECRET_ROOM, "--display-name", SECRET_TITLE, "--protection", "end-to-end")
    me.open(appliance.invite(SECRET_ROOM, "--role", "host"))
    me.join(ME)
    me.awaits("window.conclave.state().protection?.members.length === 1")
    other = Visitor(browser.open("other"), me.directory)
    other.open(appliance.invite(SECRET_ROOM))
    other.join(WAITING)
    me.page.do("show")
    me.awaits("window.conclave.state().protection.members.length === 2")
    me.awaits("document.querySelector('.initials.loading') === null")
    with me.opened("i"):
        me.take("end-to-end")
        me.take("end-to-end-phone-dark", PHONE, theme="dark")
    other.page.do("close")


def take_removed(host: Visitor, guest: Visitor) -> None:
    """The host takes out whoever has just been let in."""
    with host.opened("p"):
        more = f"document.querySelector('.panel .menu > button[aria-label=\"More actions for {WAITING}\"]')"
        host.awaits(f"{more} !== null")
        host.page.evaluate(f"{more}.click()")
        host.awaits("document.querySelector('[role=menu]') !== null")
        host.page.evaluate("[...document.querySelectorAll('[role=menu] button')].at(-1).click()")
        # The panel is a dialog too, with buttons of its own.
        host.awaits("document.querySelector('dialog .button.danger') !== null")
        host.page.evaluate("document.querySelector('dialog .button.danger').click()")
        guest.awaits("window.conclave.state().phase === 'ended'")
        host.awaits("document.querySelector('dialog .button.danger') === null")
    guest.page.do("show")
    guest.take("removed")
    host.page.do("show")


def bring(appliance: RunningAppliance, me: Visitor, count: int) -> None:
    """Has some of the demo's people come, who need nobody's leave: the lobby is open meanwhile."""
    appliance.conclave("room", "update", ROOM, "--no-lobby")
    appliance.conclave("demo", "add", "--count", str(count), "--room", ROOM)
    appliance.conclave("room", "update", ROOM, "--lobby")
    me.page.do("show")


def take_failures(me: Visitor, appliance: RunningAppliance) -> None:
    """The connection is lost: nothing of the appliance answers any more."""
    with appliance.held("conclave-gateway", "conclave-core"):
        me.awaits("document.querySelector('.banner') !== null")
        me.take("connection-lost")


if __name__ == "__main__":
    main()
