"""The Python client in real meetings: pictures, sound, chat, hosts, doors that stay shut, and coming back."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from conclave.client import (
    ChatChanged,
    ChatSaid,
    Client,
    ClientError,
    Ended,
    EndReason,
    EndToEndRoom,
    Event,
    EventStream,
    FileDamaged,
    FileRefused,
    FileShared,
    FileTakenBack,
    InviteInvalid,
    LobbyChanged,
    MeetingLocked,
    MeetingOver,
    Muted,
    NameNeeded,
    NotAllowed,
    NotTrusted,
    Picture,
    ReactionShown,
    ReactionSign,
    Reconnected,
    Refused,
    Removed,
    Source,
    WaitReason,
)
from python_client.films import BARS, TONE_HZ, bars_in, pitch_of, write_film
from python_client.running import Appliance

Kind = TypeVar("Kind", bound=Event)


async def happens(events: EventStream, kind: type[Kind]) -> Kind:
    """The next event of a kind."""
    async with asyncio.timeout(60):
        async for event in events:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the meeting ended without {kind.__name__}")


def near(seen: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(seen, expected, strict=True)) < 40


async def shows(pictures: AsyncIterator[Picture], colours: tuple[tuple[int, ...], ...]) -> Picture:
    """Returns the first picture that shows bars of these colours; an encoder starts coarse."""
    async with asyncio.timeout(60):
        async for picture in pictures:
            if all(near(seen, expected) for seen, expected in zip(bars_in(picture.image), colours, strict=True)):
                return picture
    raise AssertionError("the picture ended")


@pytest.mark.timeout(300)
async def test_two_see_hear_and_write_each_other(appliance: Appliance) -> None:
    link = appliance.make_room("pair")
    async with await appliance.join(link, "Ann") as ann, await appliance.join(link, "Bob") as bob:
        assert [person.name for person in bob.participants] == ["Ann", "Bob"]
        assert (ann.room.id, ann.me.name, bob.me.id) == ("pair", "Ann", bob.participants[1].id)
        seen_by_bob, seen_by_ann = bob.events(), ann.events()

        camera = await ann.publish_camera(560, 320, rate=10)
        microphone = await ann.publish_microphone()
        picture = np.repeat(np.array(BARS, np.uint8)[None, :, :], 80, axis=1).repeat(320, axis=0)
        camera.send(picture)
        tone = np.sin(np.arange(48_000) * 2 * np.pi * TONE_HZ / 48_000).astype(np.float32) * 0.3

        async def sing() -> AsyncIterator[np.ndarray]:  # type: ignore[type-arg]
            while True:
                yield tone
                await microphone.drain()

        microphone.follow(sing())
        watched = bob.pictures(bob.participant("Ann"))
        found = await shows(watched, BARS)
        assert found.image.shape == (320, 560, 3)
        heard = bob.sounds(bob.participant("Ann"))
        async with asyncio.timeout(60):
            while abs(pitch_of(np.concatenate([(await anext(heard)).samples for _ in range(25)])) - TONE_HZ) > 20:
                pass
        assert {Source.CAMERA, Source.MICROPHONE} <= bob.participant("Ann").sources

        await ann.chat.send("hello")
        said = (await happens(seen_by_bob, ChatSaid)).line
        assert (said.text, said.sender_name, said.own, said.recipient_id) == ("hello", "Ann", False, "")
        await ann.chat.send("for you alone", to=ann.participant("Bob"))
        private = (await happens(seen_by_bob, ChatSaid)).line
        assert (private.text, private.recipient_id) == ("for you alone", bob.me.id)
        await ann.chat.edit(ann.chat.lines[0], "hello, Bob")
        changed = await happens(seen_by_bob, ChatChanged)
        assert (changed.line.text, changed.before.text) == ("hello, Bob", "hello")
        await ann.chat.delete(ann.chat.lines[1])
        assert (await happens(seen_by_bob, ChatChanged)).line.deleted
        await bob.react(ReactionSign.CLAP)
        shown = await happens(seen_by_ann, ReactionShown)
        assert (shown.name, shown.sign) == ("Bob", ReactionSign.CLAP)
    assert [type(event) async for event in ann.events()] == [Ended]
    with pytest.raises(MeetingOver):
        await ann.chat.send("too late")


@pytest.mark.full
@pytest.mark.timeout(300)
async def test_a_private_line_is_not_for_a_third(appliance: Appliance) -> None:
    link = appliance.make_room("three")
    async with (
        await appliance.join(link, "Ann") as ann,
        await appliance.join(link, "Bob") as bob,
        await appliance.join(link, "Eve") as eve,
    ):
        await ann.chat.send("for Bob", to=ann.participant("Bob"))
        await ann.chat.send("for all")
        events = eve.events()
        if not eve.chat.lines:
            await happens(events, ChatSaid)
        assert [line.text for line in eve.chat.lines] == ["for all"]
        while len(bob.chat.lines) < 2:
            await happens(bob.events(), ChatSaid)
        assert [line.text for line in bob.chat.lines] == ["for Bob", "for all"]


@pytest.mark.timeout(300)
async def test_a_file_is_seen_and_heard(appliance: Appliance, tmp_path: Path) -> None:
    write_film(tmp_path / "bars.mp4", 12)
    link = appliance.make_room("film")
    async with await appliance.join(link, "Ann") as ann, await appliance.join(link, "Bob") as bob:
        playing = await ann.publish_file(tmp_path / "bars.mp4", repeat=True)
        with pytest.raises(ValueError, match="published already"):
            await ann.publish_camera()
        await shows(bob.pictures(bob.participant("Ann")), BARS)
        heard = bob.sounds()
        async with asyncio.timeout(60):
            while abs(pitch_of(np.concatenate([(await anext(heard)).samples for _ in range(25)])) - TONE_HZ) > 20:
                pass
        await playing.stop()
        await ann.publish_camera()


@pytest.mark.timeout(300)
async def test_it_comes_back_when_the_gateway_was_killed(appliance: Appliance) -> None:
    link = appliance.make_room("back")
    async with await appliance.join(link, "Ann") as ann, await appliance.join(link, "Bob") as bob:
        camera = await ann.publish_camera(560, 320)
        picture = np.repeat(np.array(BARS, np.uint8)[None, :, :], 80, axis=1).repeat(320, axis=0)
        camera.send(picture)
        watched = bob.pictures(bob.participant("Ann"))
        await shows(watched, BARS)
        events, own_id = ann.events(), ann.me.id
        os.kill(appliance.process_id("conclave-gateway"), signal.SIGKILL)
        said = asyncio.create_task(ann.chat.send("after all"))
        assert not (await happens(events, Reconnected)).as_new
        await said
        assert ann.me.id == own_id
        async with asyncio.timeout(60):
            while not any(line.text == "after all" for line in bob.chat.lines):
                await happens(bob.events(), ChatSaid)
        camera.send(np.ascontiguousarray(picture[:, ::-1]))
        await shows(watched, BARS[::-1])


@pytest.mark.full
@pytest.mark.timeout(300)
async def test_media_comes_back_when_the_core_was_killed(appliance: Appliance) -> None:
    link = appliance.make_room("core")
    async with await appliance.join(link, "Ann") as ann, await appliance.join(link, "Bob") as bob:
        camera = await ann.publish_camera(560, 320)
        picture = np.repeat(np.array(BARS, np.uint8)[None, :, :], 80, axis=1).repeat(320, axis=0)
        camera.send(picture)
        watched = bob.pictures(bob.participant("Ann"))
        await shows(watched, BARS)
        os.kill(appliance.process_id("conclave-core"), signal.SIGKILL)
        camera.send(np.ascontiguousarray(picture[:, ::-1]))
        await shows(watched, BARS[::-1])


@pytest.mark.timeout(300)
async def test_a_file_arrives_as_it_was_and_goes_when_it_is_taken_back(appliance: Appliance, tmp_path: Path) -> None:
    # More than two parts of 4 MiB, and no whole number of anything.
    content = np.random.default_rng(7).integers(0, 256, 9_000_001, np.uint8).tobytes()
    (tmp_path / "plan.bin").write_bytes(content)
    (tmp_path / "empty.txt").touch()
    link = appliance.make_room("files")
    async with (
        await appliance.join(link, "Ann") as ann,
        await appliance.join(link, "Bob") as bob,
        await appliance.join(link, "Eve") as eve,
    ):
        events = bob.events()
        await ann.files.send(tmp_path / "plan.bin")
        shared = (await happens(events, FileShared)).file
        assert (shared.name, shared.size, shared.sender_name) == ("plan.bin", len(content), "Ann")
        await bob.files.save(shared, tmp_path / "got.bin")
        assert (tmp_path / "got.bin").read_bytes() == content
        await ann.files.send(tmp_path / "empty.txt", to=ann.participant("Bob"))
        private = (await happens(events, FileShared)).file
        assert (private.media_type, private.recipient_id) == ("text/plain", bob.me.id)
        await bob.files.save(private, tmp_path / "got.txt")
        assert (tmp_path / "got.txt").read_bytes() == b""
        with pytest.raises((FileRefused, Refused)):
            await eve.files.save(private, tmp_path / "stolen.txt")
        with pytest.raises(FileDamaged):
            await bob.files.save(replace(shared, content_key=bytes(32)), tmp_path / "got.bin")
        assert (tmp_path / "got.bin").read_bytes() == content, "what was there before stays"
        await ann.files.delete(ann.files.shared[0])
        assert (await happens(events, FileTakenBack)).file == shared
        with pytest.raises((FileRefused, Refused)):
            await bob.files.save(shared, tmp_path / "late.bin")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.txt", "got.bin", "got.txt", "plan.bin"]


@pytest.mark.timeout(300)
async def test_the_lobby_the_lock_and_what_hosts_do(appliance: Appliance) -> None:
    host_link = appliance.make_room("hosts", "--lobby")
    guest_link = appliance.invite("hosts")
    async with await appliance.join(host_link, "Hanna") as hanna:
        events = hanna.events()
        reasons: list[WaitReason] = []
        coming = asyncio.create_task(appliance.join(guest_link, "Gus", when_waiting=reasons.append))
        waiting = (await happens(events, LobbyChanged)).waiting
        assert [person.name for person in waiting] == ["Gus"]
        await hanna.hosting.admit(*waiting)
        async with await coming as gus:
            assert reasons == [WaitReason.LOBBY]
            with pytest.raises(NotAllowed):
                await gus.hosting.lock()
            microphone = await gus.publish_microphone()
            heard_by_gus = gus.events()
            async with asyncio.timeout(60):
                while Source.MICROPHONE not in hanna.participant("Gus").sources:
                    await anext(events)
            await hanna.hosting.mute(hanna.participant("Gus"))
            muted = await happens(heard_by_gus, Muted)
            assert (muted.by, microphone.active) == (hanna.me, False)
            await hanna.hosting.remove(hanna.participant("Gus"))
            ended = await happens(heard_by_gus, Ended)
            assert ended.reason is EndReason.REMOVED
        other = appliance.invite("hosts")
        turned = asyncio.create_task(appliance.join(other, "Tom"))
        async with asyncio.timeout(60):
            while not hanna.waiting:
                await anext(events)
        await hanna.hosting.turn_away(*hanna.waiting)
        with pytest.raises(MeetingOver) as over:
            await turned
        assert over.value.reason is EndReason.TURNED_AWAY


@pytest.mark.timeout(300)
async def test_doors_that_stay_shut(appliance: Appliance, tmp_path: Path) -> None:
    link = appliance.make_room("shut")
    personal = appliance.invite("shut", "--for", "Paula")
    sealed = appliance.make_room("sealed", protection="end-to-end")

    async def refused(link: str, expected: type[ClientError], name: str = "Ann") -> str:
        with pytest.raises(expected) as refusal:
            await appliance.join(link, name)
        return str(refusal.value)

    token = link.partition("#")[2]
    await refused(link.replace(token, token[:-8] + "AAAAAAAA"), InviteInvalid)
    await refused(link, NameNeeded, name="")
    assert "end-to-end" in await refused(sealed, EndToEndRoom)
    with pytest.raises(NotTrusted, match="authority"):
        await Client.join(link, name="Ann")
    with pytest.raises(NotTrusted):
        await Client.join(link, name="Ann", fingerprint="00" * 32)
    certificate = ssl.get_server_certificate(("127.0.0.1", appliance.port))
    pinned = sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()
    async with await Client.join(link, name="Ann", fingerprint=pinned) as ann:
        async with await appliance.join(personal, "") as paula:
            assert paula.me.name == "Paula"
            await ann.hosting.remove(ann.participant("Paula"))
            await refused(personal, Removed, name="")
        await ann.hosting.lock()
        await refused(appliance.invite("shut"), MeetingLocked)


@pytest.mark.full
@pytest.mark.timeout(120)
async def test_a_dial_code_lets_in(appliance: Appliance) -> None:
    link = appliance.make_room("dial")
    room_link = appliance.conclave("room", "link", "dial", "--new")
    async with await appliance.join(link.partition("/join")[0], "Ann", dial_code=room_link["dial_code"]) as ann:
        assert ann.room.id == "dial"
