"""All synthetic participants of one appliance: who is there, who comes and who goes."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from conclave.services.demo.conversation import Conversation
from conclave.services.demo.guest import Gateway, Guest, GuestState
from conclave.services.demo.orders import Attendee, DemoRefused
from conclave.services.demo.people import PEOPLE, Person
from conclave.services.demo.portrait import Portrait
from conclave.services.demo.slides import Slides
from conclave.services.demo.voice import Voice

__all__ = ["Company"]

_log = logging.getLogger(__name__)

SETTLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Seat:
    """One person's place in one room."""

    person: Person
    room: str
    invite_token: str
    guest: Guest
    task: asyncio.Task[None]


class Company:
    """Keeps guests, and writes down who they are, so that a process that starts again goes on with them."""

    def __init__(self, gateway: Gateway, memory: Path) -> None:
        self._gateway, self._memory = gateway, memory
        self._seats: dict[str, _Seat] = {}
        self._conversations: dict[str, Conversation] = {}
        self._drawn: dict[Person, tuple[Portrait, Voice]] = {}
        self._slides: Slides | None = None

    async def restore(self) -> None:
        """Brings back whom the process before had."""
        if not self._memory.exists():
            return
        for entry in json.loads(self._memory.read_text()):
            person = next(person for person in PEOPLE if person.name == entry["name"])
            seat = await self._seat(person, entry["room"], entry["invite_token"])
            if entry["shares"]:
                seat.guest.share(await self._drawn_slides())

    async def add(self, room: str, invite_tokens: list[str]) -> list[Attendee]:
        """Lets one more person come for each invite, and waits until they are there. Raises DemoRefused."""
        free = [person for person in PEOPLE if person.name not in self._seats]
        if len(invite_tokens) > len(free):
            raise DemoRefused(f"there are {len(PEOPLE)} people in all, and {len(free)} of them are free")
        seats = [await self._seat(person, room, token) for person, token in zip(free, invite_tokens, strict=False)]
        self._write_down()
        async with asyncio.timeout(SETTLE_SECONDS):
            await asyncio.gather(*(seat.guest.settled() for seat in seats))
        return [_attendee(seat) for seat in seats]

    async def remove(self, names: list[str]) -> list[Attendee]:
        """Lets people leave. Raises DemoRefused when one is not there."""
        seats = [self._named(name) for name in names]
        for seat in seats:
            seat.task.cancel()
        await asyncio.gather(*(seat.task for seat in seats), return_exceptions=True)
        return [_attendee(seat) for seat in seats]

    async def share(self, name: str) -> list[Attendee]:
        """Lets one person share its screen. Raises DemoRefused when it is not there."""
        seat = self._named(name)
        seat.guest.share(await self._drawn_slides())
        self._write_down()
        return [_attendee(seat)]

    def stop_sharing(self) -> list[Attendee]:
        """Ends all sharing."""
        sharing = [seat for seat in self._seats.values() if seat.guest.screen.shared]
        for seat in sharing:
            seat.guest.stop_sharing()
        self._write_down()
        return [_attendee(seat) for seat in sharing]

    def attendees(self) -> list[Attendee]:
        """Everybody."""
        return [_attendee(seat) for seat in self._seats.values()]

    async def close(self) -> None:
        """Lets everybody leave; what is written down stays."""
        seats, self._seats = list(self._seats.values()), {}
        for seat in seats:
            seat.task.cancel()
        await asyncio.gather(*(seat.task for seat in seats), return_exceptions=True)

    async def _seat(self, person: Person, room: str, invite_token: str) -> _Seat:
        if person not in self._drawn:
            self._drawn[person] = await asyncio.to_thread(_draw, person)
        portrait, voice = self._drawn[person]
        conversation = self._conversations.setdefault(room, Conversation(len(self._conversations)))
        speech = conversation.join(person.name, voice, not person.quiet)
        guest = Guest(person.name, invite_token, self._gateway, portrait, speech)
        task = asyncio.create_task(guest.run())
        seat = self._seats[person.name] = _Seat(person, room, invite_token, guest, task)

        def gone(ended: asyncio.Task[None]) -> None:
            if not ended.cancelled() and ended.exception() is not None:
                _log.error("a guest failed", exc_info=ended.exception())
            conversation.leave(speech)
            if self._seats.get(person.name) is seat:
                del self._seats[person.name]
                self._write_down()

        task.add_done_callback(gone)
        return seat

    async def _drawn_slides(self) -> Slides:
        if self._slides is None:
            self._slides = await asyncio.to_thread(Slides)
        return self._slides

    def _named(self, name: str) -> _Seat:
        if name not in self._seats:
            raise DemoRefused(f"{name} does not take part; `conclave demo status` tells who does")
        return self._seats[name]

    def _write_down(self) -> None:
        entries = [
            {
                "name": seat.person.name,
                "room": seat.room,
                "invite_token": seat.invite_token,
                "shares": seat.guest.screen.shared,
            }
            for seat in self._seats.values()
        ]
        unfinished = self._memory.with_suffix(".new")
        # Whoever holds an invite comes in: the file is its owner's alone.
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(entries, file)
        unfinished.replace(self._memory)


def _draw(person: Person) -> tuple[Portrait, Voice]:
    return Portrait(person), Voice(person.pitch_hz, person.seed)


def _attendee(seat: _Seat) -> Attendee:
    guest = seat.guest
    microphone = guest.speech.microphone and guest.state is not GuestState.GONE
    return Attendee(seat.person.name, seat.room, guest.state.value, microphone, guest.screen.shared, guest.reason)
