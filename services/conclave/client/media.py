"""The client's media transport, kept at what it publishes and looks at, whatever is lost meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from conclave.client.asking import Ask
from conclave.client.backoff import wait_before
from conclave.client.errors import Refused
from conclave.client.feeds import Feed, PictureFeed, SoundFeed
from conclave.client.outlets import PictureOutlet, SoundOutlet
from conclave.client.peer import Peer
from conclave.client.people import Source
from conclave.client.reception import Reception
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Media"]

# Signalling may say meanwhile why the transport was lost, and that the client is to go.
LOST_SECONDS = 1.0


class Media:
    """Made when something is published or received for the first time; `keep` in a task of its own.

    sounds, pictures: how many are received at once. local: whether the appliance is on this machine, as known now.
    """

    def __init__(self, ask: Ask, sounds: int, pictures: int, local: Callable[[], bool]) -> None:
        self.reception = Reception(pictures)
        self._ask, self._sounds, self._pictures, self._local = ask, sounds, pictures, local
        self._stir = self.reception.changed
        # All that may be sent, so that one offer is enough.
        self._picture_feeds = {source: PictureFeed() for source in (Source.CAMERA, Source.SCREEN)}
        self._sound_feeds = {source: SoundFeed() for source in (Source.MICROPHONE, Source.SCREEN_AUDIO)}
        self._outlets: dict[Source, PictureOutlet | SoundOutlet] = {}
        self._active: dict[Source, bool] = {}
        self._told_active: dict[Source, bool] = {}
        self._peer: Peer | None = None
        self._stands = False
        self._pumps: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        """Whether media flows."""
        return self._peer is not None and self._peer.state == "connected"

    def publish_picture(self, source: Source, size: tuple[int, int] | None, rate: float) -> PictureOutlet:
        """Begins to send pictures. Raises ValueError when that source is published already."""
        self._check_free(source)
        feed = self._picture_feeds[source]
        feed.begin(rate)
        outlet = self._outlets[source] = PictureOutlet(source, feed, size, self._set_active, self._stop)
        self._set_active(source, True)
        return outlet

    def publish_sound(self, source: Source) -> SoundOutlet:
        """Begins to send sound. Raises ValueError when that source is published already."""
        self._check_free(source)
        feed = self._sound_feeds[source]
        feed.clear()
        outlet = self._outlets[source] = SoundOutlet(source, feed, self._set_active, self._stop)
        self._set_active(source, True)
        return outlet

    def entered(self, joined: pb.Joined, resumed: bool) -> None:
        """The client is in the meeting, or back in it, where its transport may be gone."""
        self._told_active = {}
        if not (resumed and joined.media_connected):
            self._stands = False
        self.reception.took(joined.slots)
        self.reception.forget_told()
        self._want_all()

    def took(self, message: pb.ServerMessage) -> None:
        """An event."""
        match message.WhichOneof("body"):
            case "slots_changed":
                self.reception.took(message.slots_changed.slots)
            case "media_lost":
                self._lose(self._peer)
            case "layers_wanted":
                for source, feed in self._picture_feeds.items():
                    if source.kind == message.layers_wanted.kind:
                        feed.want(bool(message.layers_wanted.layers))

    def muted(self) -> None:
        """The appliance has switched the microphone off."""
        self._active[Source.MICROPHONE] = self._told_active[Source.MICROPHONE] = False
        outlet = self._outlets.get(Source.MICROPHONE)
        if outlet is not None:
            outlet.muted()

    def is_on(self, source: Source) -> bool:
        """Whether the client wants a source to be on."""
        return self._active.get(source, False)

    async def keep(self) -> None:
        """Does what is to be done, until cancelled or the session is over."""
        failures = 0
        while True:
            await self._stir.wait()
            self._stir.clear()
            try:
                await self._tell_sources()
                if not self._stands and (self._outlets or self.reception.wanted):
                    await self._renew()
                if self._stands:
                    await self._tell_wishes()
                failures = 0
            except Refused:
                # The core restarts, or the transport was lost a moment ago: then that is told, too.
                failures += 1
                await asyncio.sleep(wait_before(failures, random.random()))  # noqa: S311 - no secret
                self._stir.set()

    async def close(self) -> None:
        """Ends the transport, and whatever is sent and received."""
        for outlet in list(self._outlets.values()):
            await outlet.stop()
        self.reception.end()
        await self._drop_peer()

    async def _tell_sources(self) -> None:
        states = {s: on for s, on in self._active.items() if self._told_active.get(s, False) != on}
        if states:
            sources = [pb.SourceState(kind=source.kind, active=on) for source, on in states.items()]
            await self._ask(pb.ClientMessage(set_sources=pb.SetSources(sources=sources)))
            self._told_active |= states

    async def _tell_wishes(self) -> None:
        wishes = self.reception.wishes()
        if wishes:
            await self._ask(pb.ClientMessage(set_slots=pb.SetSlots(slots=wishes)))
            self.reception.told(wishes)

    async def _renew(self) -> None:
        """Sends and receives over a new peer connection, in place of the one before."""
        await self._drop_peer()
        feeds: dict[Source, Feed] = {**self._sound_feeds, **self._picture_feeds}
        peer = self._peer = Peer(feeds, self._sounds, self._pictures)
        peer.when_lost(lambda: asyncio.get_running_loop().call_later(LOST_SECONDS, self._lose, peer))
        # Whoever says from now on that it is lost means this one.
        self._stands = True
        self._want_all()
        try:
            offer = await peer.offer(self._local())
            answer = (await self._ask(pb.ClientMessage(offer=offer))).answer
            await peer.accept(answer)
        except BaseException:
            self._stands = False
            raise
        self.reception.renew(answer.slots)
        self._pumps = [asyncio.create_task(self._pump(mid, track)) for mid, track in peer.received.items()]

    async def _pump(self, mid: str, track: MediaStreamTrack) -> None:
        """Takes what a slot receives, wanted or not: aiortc keeps all that nobody takes."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, VideoFrame):
                self.reception.picture(mid, frame, loop.time())
            elif isinstance(frame, AudioFrame):
                self.reception.sound(mid, frame, loop.time())

    async def _drop_peer(self) -> None:
        peer, self._peer = self._peer, None
        pumps, self._pumps = self._pumps, []
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        if peer is not None:
            await peer.close()

    def _lose(self, peer: Peer | None) -> None:
        if self._peer is peer:
            self._stands = False
            self._stir.set()

    def _want_all(self) -> None:
        """Until the appliance says what is looked at, everything is sent."""
        for feed in self._picture_feeds.values():
            feed.want(True)

    def _check_free(self, source: Source) -> None:
        if source in self._outlets:
            raise ValueError(f"the {source} is published already: stop it first")

    def _set_active(self, source: Source, active: bool) -> None:
        self._active[source] = active
        self._stir.set()

    def _stop(self, source: Source) -> None:
        self._outlets.pop(source, None)
        if source in self._picture_feeds:
            self._picture_feeds[source].clear()
        else:
            self._sound_feeds[source].clear()
        self._set_active(source, False)
