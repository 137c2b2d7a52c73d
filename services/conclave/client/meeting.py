"""A meeting that the client is in."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path
from typing import Self

from conclave.client.chat import Chat
from conclave.client.events import EventStream
from conclave.client.files import Files
from conclave.client.hosting import Hosting
from conclave.client.objects import ReactionSign
from conclave.client.outlets import PictureOutlet, SoundOutlet
from conclave.client.people import Participant, Room, Source, WaitingPerson
from conclave.client.playback import Playback, what_is_in
from conclave.client.reception import PictureStream, SoundStream
from conclave.client.visit import Visit
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Meeting"]


class Meeting:
    """From coming in to the end; use it with `async with`, which leaves.

    What is lost meanwhile comes back by itself: the connection, the session, the media. Whatever asks the appliance for
    something waits for that, and raises Refused when the appliance says no, and MeetingOver when the meeting is over.
    chat: what is written; files: what is shared; hosting: what hosts may do.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.chat: Chat = visit.content.chat
        self.files: Files = visit.content.files
        self.hosting = Hosting(visit.ask)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    @property
    def room(self) -> Room:
        """The room, as it is now."""
        return self._visit.roster.room

    @property
    def me(self) -> Participant:
        """The participant that this client is, as of now."""
        return self._visit.roster.participants[self._visit.roster.own_id]

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody in the meeting as of now, this client included, in the order in which they came."""
        return tuple(sorted(self._visit.roster.participants.values(), key=lambda person: person.joined_at))

    @property
    def speakers(self) -> tuple[Participant, ...]:
        """Who speaks now, loudest first."""
        return self._visit.roster.speakers

    @property
    def waiting(self) -> tuple[WaitingPerson, ...]:
        """Who waits to be let in, longest first; told to hosts only."""
        return self._visit.roster.waiting

    @property
    def locked(self) -> bool:
        """Whether nobody new but hosts comes in."""
        return self._visit.roster.locked

    @property
    def started_at(self) -> datetime.datetime:
        """When the meeting began, by the appliance's clock."""
        return datetime.datetime.fromtimestamp(self._visit.roster.start_time_ms / 1000, datetime.UTC)

    @property
    def connected(self) -> bool:
        """Whether media flows; it does not before something is published or received."""
        return self._visit.media.connected

    def events(self) -> EventStream:
        """What happens from now on: an asynchronous iterator, which ends after Ended. Each caller has its own."""
        return self._visit.events.stream()

    def participant(self, name: str) -> Participant:
        """The first participant of this name. Raises KeyError."""
        for person in self.participants:
            if person.name == name:
                return person
        raise KeyError(name)

    async def leave(self) -> None:
        """Leaves; everything that was published or received ends. Does nothing when the meeting is over already."""
        await self._visit.leave()

    async def publish_camera(
        self, width: int = 0, height: int = 0, *, rate: float = 30.0, source: Source = Source.CAMERA
    ) -> PictureOutlet:
        """Begins to send pictures; `send` of what it returns shows one.

        width, height: of the arrays that will be sent, in pixels; 0 for any size, which may change. rate: at most so
        many a second are sent. source: Source.SCREEN shows them as a shared screen. Raises ValueError when the client
        publishes that source already.
        """
        if rate <= 0:
            raise ValueError("the rate is above 0 pictures a second")
        size = (width, height) if width and height else None
        return self._visit.media.publish_picture(source, size, rate)

    async def publish_microphone(self, *, source: Source = Source.MICROPHONE) -> SoundOutlet:
        """Begins to send sound; `send` of what it returns adds some.

        source: Source.SCREEN_AUDIO for the sound that belongs to a shared screen. Raises ValueError when the client
        publishes that source already.
        """
        return self._visit.media.publish_sound(source)

    async def publish_file(self, path: str | Path, *, as_screen: bool = False, repeat: bool = False) -> Playback:
        """Plays a file that FFmpeg reads as camera and microphone, or as screen; `finished` of what it returns waits.

        Pictures of more than 1280 x 720 are sent smaller. Raises av.FFmpegError and OSError for a file that cannot be
        read, ValueError when it has neither pictures nor sound or the client publishes that already.
        """
        pictures, sounds = await asyncio.to_thread(what_is_in, Path(path))
        if not pictures and not sounds:
            raise ValueError(f"{path} has neither pictures nor sound")
        camera, microphone = Source.CAMERA, Source.MICROPHONE
        if as_screen:
            camera, microphone = Source.SCREEN, Source.SCREEN_AUDIO
        picture = await self.publish_camera(source=camera) if pictures else None
        sound = await self.publish_microphone(source=microphone) if sounds else None
        return Playback(Path(path), picture, sound, repeat)

    def pictures(self, participant: Participant, *, source: Source = Source.CAMERA, height: int = 720) -> PictureStream:
        """Looks at somebody's camera or screen: an asynchronous iterator of pictures, until closed or they are gone.

        Only the newest picture waits: whoever is slow misses some. It waits while the source is off. height: how high
        the picture is needed, in pixels; the smallest that the sender has of at least that height comes. Raises
        TooManyPictures.
        """
        return self._visit.media.reception.look(f"{participant.id}/{source.value}", height)

    def sounds(self, participant: Participant | None = None) -> SoundStream:
        """Listens: an asynchronous iterator of 20 ms each, of one participant or of everybody who is heard.

        The appliance forwards the loudest, as many as `Client.join` was told; others are not heard meanwhile.
        """
        return self._visit.media.reception.listen("" if participant is None else participant.id)

    async def react(self, sign: ReactionSign) -> None:
        """Shows a sign to who is there; nothing of it is kept."""
        await self._visit.content.react(sign)

    async def raise_hand(self) -> None:
        """Raises the client's hand; one that is up keeps its place among the others'."""
        await self._visit.ask(pb.ClientMessage(set_hand=pb.SetHand(raised=True)))

    async def lower_hand(self) -> None:
        """Lowers the client's hand."""
        await self._visit.ask(pb.ClientMessage(set_hand=pb.SetHand(raised=False)))
