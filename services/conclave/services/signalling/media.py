"""The media of the meetings: transports in the core, what slots show, and what the core reports."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Set
from typing import Protocol

from conclave.services.domain.protection import ProtectionMode
from conclave.services.journal.lines import fields
from conclave.services.media.errors import CoreRefused, CoreUnavailable
from conclave.services.media.model import (
    CoreEvent,
    CoreInfo,
    MediaKind,
    SlotChanged,
    SlotWish,
    SpeakersChanged,
    Transport,
    TransportSpec,
    TransportState,
    TransportStateChanged,
)
from conclave.services.meetings.errors import MeetingOver
from conclave.services.meetings.model import (
    EndReason,
    MediaState,
    Meeting,
    Participant,
    SourceKind,
    source_id,
    source_kind,
    source_owner,
)
from conclave.services.meetings.service import MeetingService
from conclave.services.sdp.offer import Offer, parse_offer
from conclave.services.signalling.audience import Audience
from conclave.services.signalling.codecs import ScreenCodecs, VideoCodec
from conclave.services.signalling.demand import Demand
from conclave.services.signalling.errors import MediaGone, RequestInvalid
from conclave.services.signalling.negotiation import plan_transport, write_transport_answer
from conclave.services.signalling.slots import SlotView, Wish, layer_for_height
from conclave.services.signalling.translate import layers_message, slots_message
from conclave.v1 import signalling_pb2 as pb

__all__ = ["MediaCore", "MediaSessions"]

# What is wished of a slot whose wish was made before control restarted.
ANY_HEIGHT = 1 << 16
MEDIA_STATES = {
    TransportState.NEW: MediaState.NONE,
    TransportState.CONNECTED: MediaState.CONNECTED,
    TransportState.DISCONNECTED: MediaState.INTERRUPTED,
    TransportState.FAILED: MediaState.INTERRUPTED,
}
_log = logging.getLogger(__name__)


class MediaCore(Protocol):
    """What is asked of the core; see CoreClient."""

    async def info(self) -> CoreInfo:
        """What the core is."""

    async def create_transport(self, spec: TransportSpec) -> Transport:
        """Makes a transport."""

    async def restart_ice(self, transport_id: str, remote_ice_ufrag: str) -> Transport:
        """Gives a transport new ICE credentials."""

    async def delete_transport(self, transport_id: str) -> None:
        """Ends a transport."""

    async def set_slots(self, transport_id: str, wishes: list[SlotWish]) -> None:
        """Says what video slots shall show."""

    async def set_sources(self, transport_id: str, active: dict[str, bool]) -> None:
        """Says which sources are active."""

    async def list_transports(self) -> list[Transport]:
        """Every transport."""


class MediaSessions:
    """Each participant's transport, and what control knows of it.

    `of_others` tells the transports in the core that somebody else looks after.
    """

    def __init__(
        self,
        meetings: MeetingService,
        core: MediaCore,
        audience: Audience,
        of_others: Callable[[], Set[str]],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._meetings = meetings
        self._core = core
        self._audience = audience
        self._of_others = of_others
        self._monotonic_ns = monotonic_ns
        self._demand = Demand()
        self._codecs = ScreenCodecs()
        # By participant; a transport that does not stand has no entry.
        self._slots: dict[str, dict[str, SlotView]] = {}
        self._wishes: dict[str, dict[str, Wish]] = {}
        self._speakers: dict[str, tuple[str, ...]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Transports that are being made: a listing taken meanwhile may not have them yet.
        self._making: set[str] = set()

    def stands(self, participant: Participant) -> bool:
        """Whether the participant has a transport that can carry media."""
        return participant.id in self._slots

    def slots_of(self, participant: Participant) -> list[SlotView]:
        """What the participant's slots show; empty without a transport."""
        return list(self._slots.get(participant.id, {}).values())

    def speakers_of(self, meeting: Meeting) -> list[str]:
        """The participants who speak, loudest first."""
        owners = (source_owner(source) for source in self._speakers.get(meeting.id, ()))
        return [owner for owner in dict.fromkeys(owners) if owner in meeting.participants]

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Nothing to do: what changes a participant's media goes through here anyway."""

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Drops what is known of somebody who left."""
        self._forget_transport(participant)
        self._turns.pop(participant.id, None)
        if not meeting.participants:
            self._speakers.pop(meeting.id, None)

    async def offer(
        self, participant: Participant, sdp: str, kinds: dict[str, SourceKind], encrypted: Set[str] = frozenset()
    ) -> str:
        """Makes the participant's transport, in place of the one before; returns the SDP answer.

        encrypted: the mids that the client encrypts from end to end.
        Raises SdpInvalid, CoreUnavailable, CoreExhausted, MeetingOver.
        """
        parsed = parse_offer(sdp)
        transport, info = await self.make(participant, parsed, kinds, encrypted)
        return write_transport_answer(parsed, transport, info, secrets.randbits(62))

    async def make(
        self, participant: Participant, parsed: Offer, kinds: dict[str, SourceKind], encrypted: Set[str] = frozenset()
    ) -> tuple[Transport, CoreInfo]:
        """The same with an offer that has been read; returns what its answer is written from."""
        async with self._turns[participant.id]:
            transport_id = f"{participant.id}.{secrets.token_hex(6)}"
            meeting = self._meetings.meeting_of(participant)
            if meeting is None:
                raise MeetingOver("the meeting is over")
            end_to_end = meeting.protection_mode is not ProtectionMode.MANAGED
            spec = plan_transport(parsed, kinds, participant, transport_id, encrypted, end_to_end)
            # Source ids are unique in the core: the old transport goes before the new one comes.
            if participant.transport_id:
                await self._core.delete_transport(participant.transport_id)
            self._forget_transport(participant)
            participant.transport_id, participant.published = transport_id, frozenset(kinds.values())
            participant.media = MediaState.NONE
            self._making.add(transport_id)
            try:
                await self._meetings.save_media(participant)
                transport = await self._core.create_transport(spec)
            finally:
                self._making.discard(transport_id)
            if not self._meetings.register.stays(participant):
                await self._core.delete_transport(transport_id)
                raise MeetingOver("the meeting was over before the media could begin")
            # Before anything is awaited: what the core reports of it from now on finds it here.
            self._adopt(participant, transport)
            self._demand.begin(_pictures_of(participant), self._monotonic_ns())
            # Asked after the transport is made: if the core restarts in between, the transport is missed.
            info = await self._core.info()
        self._meetings.tell_changed(participant)
        await self._show_returned(participant)
        return transport, info

    async def restart_ice(self, participant: Participant, sdp: str) -> str:
        """Gives the standing transport new ICE credentials; returns the SDP answer.

        Raises SdpInvalid, CoreUnavailable, and MediaGone when there is nothing to restart.
        """
        parsed = parse_offer(sdp)
        mids = {section.mid for section in parsed.sections if section.receives}
        transport, info = await self.restart(participant, parsed.ice_ufrag, mids)
        return write_transport_answer(parsed, transport, info, secrets.randbits(62))

    async def restart(
        self, participant: Participant, remote_ice_ufrag: str, mids: Set[str] | None = None
    ) -> tuple[Transport, CoreInfo]:
        """The same for a client whose new user name is known; mids: of its slots, where an offer tells them."""
        async with self._turns[participant.id]:
            known = self._slots.get(participant.id)
            if known is None:
                raise MediaGone("the media transport is gone; make a new peer connection and offer it")
            if mids is not None and set(known) != mids:
                raise RequestInvalid("an ICE restart keeps its m-lines; offer a new peer connection instead")
            try:
                transport = await self._core.restart_ice(participant.transport_id, remote_ice_ufrag)
            except CoreRefused as error:
                raise MediaGone("the media transport is gone; make a new peer connection and offer it") from error
            return transport, await self._core.info()

    async def set_sources(self, participant: Participant, states: dict[SourceKind, bool]) -> None:
        """Says which of the participant's sources are active, to everybody and to the core."""
        await self._meetings.set_active(participant, states)
        if self.stands(participant):
            await self._tell_core_sources(participant)

    async def set_slots(self, participant: Participant, wishes: list[Wish]) -> None:
        """Says what the participant's video slots shall show. Raises RequestInvalid and MeetingOver.

        A wish for a source that does not stand yet, or not any more, shows nothing until the source is there.
        """
        meeting = self._meetings.meeting_of(participant)
        if meeting is None:
            raise MeetingOver("the meeting is over")
        slots = self._slots.get(participant.id)
        if slots is None:
            raise MediaGone("there are no slots without a media transport; offer one first")
        for wish in wishes:
            _check_wish(wish, slots, meeting)
        self._wishes.setdefault(participant.id, {}).update({wish.mid: wish for wish in wishes})
        self._count_wishes(participant)
        # Before the core asks for a key frame of a layer that may be paused.
        self.tell_demand()
        await self._tell_core_wishes(participant, wishes)

    def resumed(self, participant: Participant) -> None:
        """A client has come back, which may have missed what is wanted of it."""
        self._demand.forget_told(_pictures_of(participant))

    def tell_demand(self) -> None:
        """Tells publishers which layers are looked at and what all can decode, where that is something else by now."""
        now_ns = self._monotonic_ns()
        for meeting_id in self._codecs.poll(now_ns):
            self._demand.forget_told(self._screens_in(meeting_id))
        for source, layers in self._demand.poll(now_ns).items():
            publisher = self._meetings.participant(source_owner(source))
            if publisher is not None:
                kind = source_kind(source)
                codec = self._codecs.of(publisher.meeting_id) if kind is SourceKind.SCREEN else VideoCodec.VP8
                self._audience.tell(publisher, layers_message(kind, layers, codec))

    async def take(self, event: CoreEvent) -> None:
        """Takes something that happened in the core. What is about transports of before is ignored."""
        match event:
            case TransportStateChanged(transport_id, state):
                participant = self._by_transport(transport_id)
                if participant is not None:
                    await self._take_state(participant, state)
            case SlotChanged(transport_id, mid, source, layer):
                participant = self._by_transport(transport_id)
                slots = {} if participant is None else self._slots.get(participant.id, {})
                if participant is not None and mid in slots:
                    slots[mid] = SlotView(mid, slots[mid].audio, source, layer)
                    self._audience.tell(participant, slots_message([slots[mid]]))
            case SpeakersChanged(meeting_id, sources):
                meeting = next((m for m in self._meetings.meetings() if m.id == meeting_id), None)
                if meeting is not None:
                    self._speakers[meeting_id] = sources
                    speakers = pb.SpeakersChanged(participant_ids=self.speakers_of(meeting))
                    self._audience.tell_all(meeting, pb.ServerMessage(speakers_changed=speakers))

    async def reconcile(self) -> None:
        """Compares what is known with what the core has, after either of them was away.

        Transports that stand go on; who lost theirs is told to offer again; transports of nobody are deleted.
        Raises CoreUnavailable.
        """
        before = {p.id: p.transport_id for m in self._meetings.meetings() for p in m.participants.values()}
        transports = {transport.transport_id: transport for transport in await self._core.list_transports()}
        for meeting in self._meetings.meetings():
            for participant in list(meeting.participants.values()):
                transport = transports.pop(participant.transport_id, None)
                in_doubt = (
                    participant.transport_id in self._making or before.get(participant.id) != participant.transport_id
                )
                if transport is not None and transport.state is not TransportState.FAILED:
                    if participant.transport_id not in self._making:
                        await self._take_up(participant, transport)
                elif participant.transport_id and not in_doubt:
                    failed = participant.transport_id if transport is not None else ""
                    await self._lose(participant)
                    if failed:
                        await self._core.delete_transport(failed)
        current = self._making | {p.transport_id for m in self._meetings.meetings() for p in m.participants.values()}
        for transport_id in transports.keys() - current - self._of_others():
            await self._core.delete_transport(transport_id)

    async def _take_up(self, participant: Participant, transport: Transport) -> None:
        known = participant.id in self._slots
        shown_before = self._slots.get(participant.id)
        self._adopt(participant, transport)
        if not known:
            # Wishes are not stored: what is shown is what was wished.
            self._wishes[participant.id] = {
                slot.mid: Wish(slot.mid, slot.source_id, ANY_HEIGHT)
                for slot in self.slots_of(participant)
                if slot.source_id and not slot.audio
            }
            self._count_wishes(participant)
            self._demand.begin(_pictures_of(participant), self._monotonic_ns())
        elif shown_before != self._slots[participant.id]:
            self._audience.tell(participant, slots_message(self.slots_of(participant)))
        await self._tell_core_sources(participant)
        self._meetings.tell_changed(participant)

    async def _take_state(self, participant: Participant, state: TransportState) -> None:
        was_connected = participant.media is not MediaState.NONE
        if state is TransportState.FAILED and was_connected:
            transport_id = participant.transport_id
            await self._lose(participant)
            await self._delete_quietly(transport_id)
            return
        participant.media = MEDIA_STATES[state]
        self._meetings.tell_changed(participant)

    async def _lose(self, participant: Participant) -> None:
        self._forget_transport(participant)
        participant.transport_id, participant.media = "", MediaState.INTERRUPTED
        self._audience.tell(participant, pb.ServerMessage(media_lost=pb.MediaLost()))
        self._meetings.tell_changed(participant)
        await self._meetings.save_media(participant)

    def _adopt(self, participant: Participant, transport: Transport) -> None:
        self._slots[participant.id] = {
            slot.mid: SlotView(slot.mid, slot.kind is MediaKind.AUDIO, slot.source_id, slot.layer)
            for slot in transport.slots
        }
        pictures = [slot for slot in transport.slots if slot.kind is MediaKind.VIDEO]
        self._codecs.receives(participant.meeting_id, participant.id, all(slot.vp9_payload_type for slot in pictures))
        participant.h264 = frozenset(source_kind(source) for source in transport.h264_source_ids)
        participant.media = MEDIA_STATES[transport.state]

    def _forget_transport(self, participant: Participant) -> None:
        self._slots.pop(participant.id, None)
        self._codecs.receives_no_more(participant.meeting_id, participant.id, self._monotonic_ns())
        self._wishes.pop(participant.id, None)
        self._count_wishes(participant)
        self._demand.end(_pictures_of(participant))

    def _count_wishes(self, viewer: Participant) -> None:
        layers: defaultdict[str, set[int]] = defaultdict(set)
        for wish in self._wishes.get(viewer.id, {}).values():
            if wish.source_id:
                layers[wish.source_id].add(layer_for_height(wish.max_height))
        self._demand.want(viewer.id, layers, self._monotonic_ns())

    async def _show_returned(self, publisher: Participant) -> None:
        """Shows a publisher's sources again in the slots that wait for them."""
        for other in self._others(publisher):
            waiting = [w for w in self._wishes.get(other.id, {}).values() if source_owner(w.source_id) == publisher.id]
            if waiting:
                try:
                    await self._tell_core_wishes(other, waiting)
                except CoreUnavailable as error:
                    # A core that restarts loses every transport: all wishes are told anew then.
                    _log.warning(
                        "the core did not take the wishes for a source", extra=fields(reason=type(error).__name__)
                    )

    async def _tell_core_sources(self, participant: Participant) -> None:
        active = {source_id(participant.id, kind): kind in participant.active for kind in participant.published}
        try:
            await self._core.set_sources(participant.transport_id, active)
        except (CoreRefused, CoreUnavailable) as error:
            # A core that comes back is told again by reconcile, a transport that is gone by the next offer.
            _log.warning("the core did not take the state of sources", extra=fields(reason=type(error).__name__))

    async def _tell_core_wishes(self, participant: Participant, wishes: list[Wish]) -> None:
        told = []
        for wish in wishes:
            source = wish.source_id if self._source_stands(wish.source_id) else ""
            told.append(SlotWish(wish.mid, source, layer_for_height(wish.max_height)))
        try:
            await self._core.set_slots(participant.transport_id, told)
        except CoreRefused:
            # One of the sources went away meanwhile; the other slots are not to suffer from it.
            for one in told:
                try:
                    await self._core.set_slots(participant.transport_id, [one])
                except CoreRefused as error:
                    _log.warning("the core did not take a wish", extra=fields(reason=type(error).__name__))

    def _screens_in(self, meeting_id: str) -> Set[str]:
        meeting = next((m for m in self._meetings.meetings() if m.id == meeting_id), None)
        present = [] if meeting is None else meeting.participants.values()
        return {source_id(each.id, SourceKind.SCREEN) for each in present if SourceKind.SCREEN in each.published}

    def _source_stands(self, source: str) -> bool:
        owner = self._meetings.participant(source_owner(source))
        return (
            owner is not None
            and self.stands(owner)
            and any(source == source_id(owner.id, kind) for kind in owner.published)
        )

    def _others(self, participant: Participant) -> list[Participant]:
        meeting = next((m for m in self._meetings.meetings() if m.id == participant.meeting_id), None)
        return [] if meeting is None else [p for p in meeting.participants.values() if p is not participant]

    def _by_transport(self, transport_id: str) -> Participant | None:
        participant = self._meetings.participant(transport_id.partition(".")[0])
        return participant if participant is not None and participant.transport_id == transport_id else None

    async def _delete_quietly(self, transport_id: str) -> None:
        try:
            await self._core.delete_transport(transport_id)
        except CoreUnavailable:
            _log.warning("a failed transport could not be deleted now; it goes when the core is back")


def _pictures_of(participant: Participant) -> Set[str]:
    return {source_id(participant.id, kind) for kind in participant.published if not kind.audio}


def _check_wish(wish: Wish, slots: dict[str, SlotView], meeting: Meeting) -> None:
    slot = slots.get(wish.mid)
    if slot is None or slot.audio:
        raise RequestInvalid(f"mid {wish.mid[:16]} is none of your video slots; name one that the answer listed")
    if not wish.source_id:
        return
    owner, _, kind = wish.source_id.partition("/")
    if owner not in meeting.participants and owner not in meeting.departed:
        raise RequestInvalid("a slot can only show a source of somebody in this meeting")
    if kind not in (SourceKind.CAMERA.name.lower(), SourceKind.SCREEN.name.lower()):
        raise RequestInvalid("a video slot shows a camera or a screen; audio slots follow the speakers by themselves")
