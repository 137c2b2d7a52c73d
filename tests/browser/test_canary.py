"""Nothing that people share in an end-to-end room is in the appliance; in a managed room the same search finds it.

Looked at are the memory of every process, every file, the database as its key opens it, and all that passes between
gateway, control and core. All of it in two pages of Chromium, with an appliance of their own.

The bytes of a file are encrypted by the browser in both kinds of rooms, and found in neither. What a managed room lets
the appliance have is the object that names the file: its name, its small picture, and the key that opens the bytes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Browser
from tests.browser.canary import (
    IN_PAGE,
    UPLOADS_IN_PAGE,
    Places,
    comes_listening,
    frames_in_page,
    frames_in_worker,
    objects_in_page,
    objects_in_worker,
    secrets_in_worker,
    uploads_in_page,
    windows_of,
)
from tests.browser.network import Network
from tests.browser.participants import Participant, eventually
from tests.browser.sharing import digest, noise, shown
from tests.browser.tap import Tap

from conclave.client.sealing import Layout, Opener
from conclave.v1 import content_pb2

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]

LINE, SEALED_LINE = [f"canary {secrets.token_hex(16)}" for _ in range(2)]
# Of pictures that are uploaded in two parts, the second not a whole one; each room's file has another size.
WIDTH, HEIGHT, SEALED_HEIGHT = 2400, 2200, 2300


@dataclass
class House:
    """An appliance that is listened in on, and a browser."""

    appliance: RunningAppliance
    browser: Browser
    places: Places

    def pair(self, room: str) -> tuple[Participant, Participant]:
        """Two people in a managed room who see and hear each other, and whose pages are listened to."""
        one, other = [Participant(self.browser, f"{name} in {room}", None, IN_PAGE) for name in ("Ada", "Ben")]
        for each in (one, other):
            each.join(self.appliance.invite(room))
        see_each_other(one, other)
        return one, other


def see_each_other(one: Participant, other: Participant) -> None:
    for here, there in ((one, other), (other, one)):
        here.receives([f"{there.name}/camera", f"{there.name}/microphone"], 60)


@pytest.fixture(scope="module")
def house(workspace: Path) -> Iterator[House]:
    directory = workspace / "canary"
    directory.mkdir(mode=0o711)
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        appliance = RunningAppliance(network, directory / "state")
        stack.callback(appliance.close)
        run = appliance.state / "run"
        core = {f"core {name}": stack.enter_context(Tap(run / "core" / name)) for name in ("control.ipc", "events.ipc")}
        restart(appliance, "conclave-control")
        signalling = stack.enter_context(Tap(run / "signal" / "control.sock"))
        restart(appliance, "conclave-gateway")
        log = appliance.state / "log" / "conclave-gateway.log"
        eventually("the gateway is ready again", 60, lambda: log.read_text().count('"ready"') > 1)
        browser = Browser("chromium", network.add_client("canary"), directory / "canary.log")
        stack.callback(browser.close)
        yield House(appliance, browser, Places(appliance, {**core, "signalling": signalling}))


def restart(appliance: RunningAppliance, name: str) -> None:
    before = appliance.process_ids()[name]
    appliance.kill(before)

    def is_back() -> bool:
        try:
            return appliance.process_ids().get(name, 0) not in (0, before)
        except AssertionError:
            return False  # Control does not answer yet.

    eventually(f"{name} is back", 60, is_back)


def write(person: Participant, text: str) -> None:
    person.press("Chat")
    person.page.do("fill", "Message", text)
    person.page.do("key", "Enter")


def reads(person: Participant, text: str) -> None:
    person.press("Chat")
    person.must_see(f"[...document.querySelectorAll('.chat-words')].some((each) => each.textContent === {text!r})", 30)


def send_picture(person: Participant, directory: Path, height: int) -> Path:
    """A file that is like no other, sent under a name that is none of any other; the chat is open."""
    directory.chmod(0o755)
    path = directory / f"{secrets.token_hex(16)}.png"
    path.write_bytes(noise(WIDTH, height, seed=height))
    person.page.do("chooseFiles", [str(path)])
    return path


def receives_picture(person: Participant, path: Path) -> None:
    """The file is shown with its small picture, and arrives bit by bit as it was sent; the chat is open."""
    person.must_see(shown(path.name), 60)
    person.must_see("document.querySelector('.file-preview')?.naturalWidth > 100")
    assert digest(Path(person.page.do("download", f"Download {path.name}", path.name))) == digest(path)


def traces_of(path: Path, written: bytes) -> tuple[content_pb2.SharedFile, dict[str, list[bytes]]]:
    """What a file's object, as it was serialised, says of it, and what there is to be found of both."""
    file = content_pb2.ContentObject.FromString(written).file
    assert file.name == path.name
    assert len(file.content_key) == 32
    traces = {
        "file": windows_of(path.read_bytes()),
        "name": [path.name.encode()],
        "preview": windows_of(file.preview.data),
        "file key": [file.content_key],
    }
    assert min(len(traces["file"]), len(traces["preview"])) >= 10
    return file, traces


def stored_file(appliance: RunningAppliance, size: int) -> bytes:
    """The bytes of the one file of this size that the appliance has."""
    directories = (appliance.state / "control" / "files").iterdir()
    objects = [b"".join(part.read_bytes() for part in sorted(each.iterdir())) for each in directories]
    [found] = [each for each in objects if len(each) == size]
    return found


def react(person: Participant) -> None:
    person.press("React")
    person.page.do("press", "Applause", "menuitem")


# First: the fake camera and microphone begin with the same frames for everybody, and processes keep what they had.
def test_in_an_end_to_end_room_it_finds_nothing_that_people_share(house: House, tmp_path: Path) -> None:
    house.appliance.make_room("sealed", protection="end-to-end")
    ada, ben = [Participant(house.browser, f"{name} in sealed", None, UPLOADS_IN_PAGE) for name in ("Ada", "Ben")]
    for each in (ada, ben):
        comes_listening(each, house.appliance.invite("sealed"))
    see_each_other(ada, ben)
    write(ada, SEALED_LINE)
    reads(ben, SEALED_LINE)
    picture = send_picture(ada, tmp_path, SEALED_HEIGHT)
    receives_picture(ben, picture)
    react(ada)
    ben.must_see("document.querySelector('.reaction') !== null", 30)
    with house.places.still() as processes:
        frames = frames_in_worker(ada)
        keys = secrets_in_worker(ada)
        assert len(frames["audio"]) >= 10, frames
        assert len(frames["video"]) >= 10, frames
        assert len(keys) >= 4, len(keys)
        objects = objects_in_worker(ada)
        kind_of_file = content_pb2.CONTENT_KIND_FILE
        assert set(objects) == {content_pb2.CONTENT_KIND_CHAT, content_pb2.CONTENT_KIND_REACTION, kind_of_file}
        # In memory, nothing larger than a few pages is found as a whole.
        _, traces = traces_of(picture, objects.pop(kind_of_file))
        kinds = {**frames, **traces, "key": keys, "chat": [SEALED_LINE.encode()], "object": list(objects.values())}
        names = {each: kind for kind, some in kinds.items() for each in some}
        found = house.places.find(processes, list(names), tmp_path)
        # The search itself works here too: it finds what the appliance does know, a file's ciphertext included.
        known = bytes.fromhex(ada.state()["protection"]["members"][0]["identityKey"])
        assert house.places.find(processes, [known], tmp_path)
        parts = uploads_in_page(ada)
        assert len(parts) == 2
        sealed = house.places.find(processes, parts, tmp_path)
        assert sealed["traffic of signalling"] == set(parts)
        assert sum(len(these) for place, these in sealed.items() if place.startswith("file control/files/")) == 2
    assert not found, {place: [names[each] for each in these] for place, these in found.items()}
    for each in (ada, ben):
        each.close()


def test_in_a_managed_room_the_search_finds_everything(house: House, tmp_path: Path) -> None:
    house.appliance.make_room("managed")
    ada, ben = house.pair("managed")
    write(ada, LINE)
    reads(ben, LINE)
    picture = send_picture(ada, tmp_path, HEIGHT)
    receives_picture(ben, picture)
    react(ada)
    ben.must_see("document.querySelector('.reaction') !== null", 30)
    with house.places.still() as processes:
        frames = frames_in_page(ada)
        assert len(frames["audio"]) >= 10, frames
        assert len(frames["video"]) >= 10, frames
        line, written, reaction = objects_in_page(ada)
        file, traces = traces_of(picture, written)
        wanted = {**frames, **traces, "chat": [LINE.encode(), line], "reaction": [reaction]}
        layout = Layout(file.size)
        stored = stored_file(house.appliance, layout.sealed_size)
        found = house.places.find(processes, [each for some in wanted.values() for each in some], tmp_path)
    print({place: len(these) for place, these in found.items()})
    for kind, place in (
        ("audio", "memory of conclave-core"),
        ("video", "memory of conclave-core"),
        ("chat", "memory of conclave-control"),
        ("chat", "memory of conclave-gateway"),
        ("chat", "traffic of signalling"),
        ("reaction", "traffic of signalling"),
        ("name", "memory of conclave-control"),
        ("name", "traffic of signalling"),
        ("preview", "memory of conclave-control"),
        ("preview", "traffic of signalling"),
        ("file key", "memory of conclave-control"),
        ("file key", "traffic of signalling"),
    ):
        assert found.get(place, set()) & set(wanted[kind]), (kind, place)
    # The bytes themselves the browser encrypts here too; with the key, the appliance could read them.
    assert not set(wanted["file"]) & set().union(*found.values())
    assert Opener(file.content_key, file.file_id, layout).open(stored) == picture.read_bytes()
    for each in (ada, ben):
        each.close()
