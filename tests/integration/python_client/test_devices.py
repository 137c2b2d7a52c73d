"""Devices in real meetings: WHIP and WHEP from HTTP to decoded pictures."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from conclave.client import Event, EventStream, ParticipantJoined, ParticipantLeft, Role, Source
from python_client.running import Appliance
from python_client.whip import Colour, Device, Silence

ORANGE, BLUE = (230, 130, 20), (20, 40, 200)


def device_invite(appliance: Appliance, room: str, name: str) -> str:
    return appliance.invite(room, "--role", "device", "--for", name)


def is_colour(image: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(image.mean(axis=(0, 1)) - colour).max() < 40)


async def happens(events: EventStream, kind: type[Event]) -> None:
    async with asyncio.timeout(60):
        async for event in events:
            if isinstance(event, kind):
                return
    raise AssertionError(f"the meeting ended without {kind.__name__}")


@pytest.mark.timeout(300)
async def test_a_device_is_seen_in_the_meeting_and_plays_it(appliance: Appliance) -> None:
    link = appliance.make_room("devices")
    invite = device_invite(appliance, "devices", "Hall camera")
    async with await appliance.join(link, "Ann") as ann, Device(appliance, invite) as device:
        events = ann.events()
        device.peer.addTrack(Colour(ORANGE))
        device.peer.addTrack(Silence())
        await device.open()
        await happens(events, ParticipantJoined)
        hall = ann.participant("Hall camera")
        assert hall.role is Role.DEVICE
        pictures = ann.pictures(hall)
        async for picture in pictures:
            if is_colour(picture.image, ORANGE):
                break
        assert ann.participant("Hall camera").sources == {Source.CAMERA, Source.MICROPHONE}

        camera = await ann.publish_camera(320, 240, rate=10)
        camera.send(np.full((240, 320, 3), BLUE, np.uint8))
        async with Device(appliance, device_invite(appliance, "devices", "Foyer screen"), "/whep") as screen:
            screen.peer.addTransceiver("video", "recvonly")
            screen.peer.addTransceiver("video", "recvonly")
            screen.peer.addTransceiver("audio", "recvonly")
            await screen.open()
            await screen.frames(10)
            seen = [(await track.recv()).to_ndarray(format="rgb24") for track in screen.tracks if track.kind == "video"]  # type: ignore[union-attr]
            assert {tuple(c for c in (ORANGE, BLUE) if is_colour(image, c)) for image in seen} == {(ORANGE,), (BLUE,)}
            status, _, _ = await screen.ask("DELETE", screen.location)
            assert status == 200
            await happens(events, ParticipantLeft)

        assert (await device.ask("DELETE", device.location))[0] == 200
        await happens(events, ParticipantLeft)
        assert [each.name for each in ann.participants] == ["Ann"]
        assert (await device.ask("DELETE", device.location))[0] == 404
