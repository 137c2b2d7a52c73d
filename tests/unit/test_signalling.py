"""Signalling without streams: what a client may ask when, what it is answered, and what the others are told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from conclave.services.domain.invites import Invite
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Room
from conclave.services.invites.errors import InviteExpired, InviteInvalid, InviteRevoked, LinkNotFound
from conclave.services.invites.service import CreatedLink
from conclave.services.media.errors import CoreRefused, CoreUnavailable
from conclave.services.media.model import (
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
from conclave.services.meetings.model import Lobby, Meeting, Participant, Waiting
from conclave.services.meetings.moderation import Moderation
from conclave.services.meetings.service import GRACE_NS, MeetingService
from conclave.services.signalling.audience import Audience
from conclave.services.signalling.connection import SILENCE_NS, Connection
from conclave.services.signalling.hosts import HostRequests
from conclave.services.signalling.media import MediaSessions
from conclave.services.signalling.outbox import CAPACITY
from conclave.services.signalling.slots import layer_for_height
from conclave.v1 import meetings_pb2
from conclave.v1 import signalling_pb2 as pb

START = datetime(2026, 1, 1, tzinfo=UTC)
ROOM = Room("board", "Board", ProtectionMode.MANAGED, 4, START)
OFFER = (Path(__file__).parent.parent / "vectors" / "sdp" / "chromium.offer.sdp").read_bytes().decode()
KINDS = {"0": 1, "1": 2, "2": 3, "3": 4}
VIDEO_SLOTS, AUDIO_SLOTS = [str(mid) for mid in range(4, 13)], ["13", "14", "15"]


class Store:
    """Keeps nothing; a restart is tested with the meetings that are handed over."""

    def __init__(self) -> None:
        self.open: list[Meeting] = []
        self.lobbies: list[Lobby] = []

    async def load_open(self) -> list[Meeting]:
        return self.open

    async def join(self, meeting: Meeting, participant: Participant, opens: bool) -> None: ...

    async def leave(
        self,
        meeting: Meeting,
        participants: Iterable[Participant],
        time: datetime,
        ends: bool,
        removed: bool,
        actor: str,
    ) -> None: ...

    async def load_lobbies(self) -> list[Lobby]:
        return self.lobbies

    async def wait(self, waiting: Waiting) -> None: ...

    async def admit(self, meeting: Meeting, participants: list[Participant], opens: bool, actor: str) -> None: ...

    async def stop_waiting(self, waiting: list[Waiting], turned_away_by: str) -> None: ...

    async def save_lock(self, meeting: Meeting, locked: bool, actor: str) -> None: ...

    async def save_role(self, meeting: Meeting, participant: Participant, role: Role, actor: str) -> None: ...

    async def save_hand(self, participant: Participant, raise_time: datetime | None) -> None: ...

    async def save_media(self, participant: Participant) -> None: ...

    async def find(self, name: object) -> None: ...

    async def page(self, *arguments: object) -> list[object]:
        return []


class Core:
    """A core in memory: holds transports, and refuses what the real one refuses."""

    def __init__(self) -> None:
        self.transports: dict[str, Transport] = {}
        self.specs: dict[str, TransportSpec] = {}
        self.shown: dict[tuple[str, str], SlotWish] = {}
        self.active: dict[str, bool] = {}
        self.away = False

    def check(self) -> None:
        if self.away:
            raise CoreUnavailable("the media core does not answer")

    async def info(self) -> CoreInfo:
        self.check()
        return CoreInfo("i", ":".join(["AB"] * 32), (9701,), (ip_address("127.0.0.1"),), "openssl", True)

    async def create_transport(self, spec: TransportSpec) -> Transport:
        self.check()
        taken = {source for transport in self.transports.values() for source in transport.source_ids}
        assert not taken & {source.source_id for source in spec.sources}, "source ids are unique in the core"
        slots = tuple(
            dataclasses.replace(slot, ssrc=100 + i, rtx_ssrc=200 + i if slot.kind is MediaKind.VIDEO else 0)
            for i, slot in enumerate(spec.slots)
        )
        sources = tuple(source.source_id for source in spec.sources)
        new = TransportState.NEW
        transport = Transport(spec.transport_id, spec.room_id, "user", "p" * 24, 9701, slots, new, sources)
        self.transports[spec.transport_id], self.specs[spec.transport_id] = transport, spec
        return transport

    async def restart_ice(self, transport_id: str, remote_ice_ufrag: str) -> Transport:
        self.check()
        if transport_id not in self.transports:
            raise CoreRefused("no such transport")
        return dataclasses.replace(self.transports[transport_id], ice_ufrag="again")

    async def delete_transport(self, transport_id: str) -> None:
        self.check()
        self.transports.pop(transport_id, None)

    async def set_slots(self, transport_id: str, wishes: list[SlotWish]) -> None:
        self.check()
        sources = {source for transport in self.transports.values() for source in transport.source_ids}
        if any(wish.source_id and wish.source_id not in sources for wish in wishes):
            raise CoreRefused("no such source in the room")
        self.shown.update({(transport_id, wish.mid): wish for wish in wishes})

    async def set_sources(self, transport_id: str, active: dict[str, bool]) -> None:
        self.check()
        self.active.update(active)

    async def list_transports(self) -> list[Transport]:
        self.check()
        return list(self.transports.values())


class Desk:
    """Invites and rooms: the token "host" is a host's, those of `errors` fail."""

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}
        self.room = ROOM
        # What the tokens of personal invites name.
        self.members: dict[str, str] = {}
        self.room_link: CreatedLink | None = None

    async def verify(self, token: str) -> Invite:
        if token in self.errors:
            raise self.errors[token]
        role = Role.HOST if token == "host" else Role.PARTICIPANT
        invite_id = (token.replace("-", "") * 16)[:16]
        return Invite(ROOM.room_id, invite_id, role, START, START, None, self.members.get(token, ""))

    async def verify_dial_code(self, typed: str) -> Invite:
        if typed != "123 456 789":
            raise InviteInvalid
        return await self.verify("link")

    async def link(self, room_id: str) -> CreatedLink:
        if self.room_link is None:
            raise LinkNotFound(room_id)
        return self.room_link

    async def get(self, room_id: str) -> Room:
        return self.room


class House:
    """Control without its process: what the streams would share."""

    def __init__(self, core: Core | None = None) -> None:
        self.now_ns = 0
        self.core = core or Core()
        self.store, self.desk = Store(), Desk()
        self.meetings = MeetingService(self.store, self.core, lambda: START, lambda: self.now_ns)
        self.audience = Audience(self.meetings.meeting_in, self.meetings.waiting_in)
        self.media = MediaSessions(self.meetings, self.core, self.audience)
        self.hosts = HostRequests(self.meetings, Moderation(self.meetings, self.store, self.media), self.desk)
        self.meetings.observe_people(self.audience)
        self.meetings.observe(self.audience)
        self.meetings.observe(self.media)

    def connect(self) -> Client:
        return Client(self)

    async def join(self, name: str, invite: str = "invite") -> Client:
        client = self.connect()
        await client.ask(hello=hello(invite_token=invite))
        await client.ask(join=pb.Join(display_name=name))
        return client


class Client:
    """One connection, driven without a stream."""

    def __init__(self, house: House) -> None:
        self.connection = Connection(
            house.meetings, house.media, house.audience, house.desk, house.desk, lambda: house.now_ns, house.hosts
        )
        self.request_id = 0
        self.id, self.token = "", ""

    async def ask(self, **body: object) -> pb.ServerMessage:
        """Sends a request; returns its one answer, whose events before it are left in the outbox's order."""
        self.request_id += 1
        await self.connection.handle(pb.ClientMessage(request_id=self.request_id, **body))  # type: ignore[arg-type]
        answers = [message for message in self.take() if message.request_id == self.request_id]
        assert len(answers) == 1
        if answers[0].HasField("joined"):
            self.id, self.token = answers[0].joined.participant_id, answers[0].joined.resume_token
        return answers[0]

    def take(self) -> list[pb.ServerMessage]:
        """Everything that waits to be sent."""
        taken = [frame.message for frame in self.connection.outbox._frames]
        self.connection.outbox._frames.clear()
        return taken

    def take_names(self) -> list[str]:
        return [message.WhichOneof("body") or "" for message in self.take()]

    @property
    def closed(self) -> bool:
        return self.connection.outbox.ended

    async def offer(self, sdp: str = OFFER, ice_restart: bool = False) -> pb.ServerMessage:
        sources = [pb.SourceMid(mid=mid, kind=meetings_pb2.SourceKind.ValueType(kind)) for mid, kind in KINDS.items()]
        return await self.ask(offer=pb.Offer(sdp=sdp, sources=sources, ice_restart=ice_restart))

    async def show(self, mid: str, source_id: str, max_height: int = 720) -> pb.ServerMessage:
        return await self.ask(
            set_slots=pb.SetSlots(slots=[pb.SlotWish(mid=mid, source_id=source_id, max_height=max_height)])
        )

    async def set_source(self, kind: int, active: bool) -> pb.ServerMessage:
        state = pb.SourceState(kind=meetings_pb2.SourceKind.ValueType(kind), active=active)
        return await self.ask(set_sources=pb.SetSources(sources=[state]))


def hello(lowest: int = 1, highest: int = 1, **credential: str) -> pb.Hello:
    return pb.Hello(min_version=lowest, max_version=highest, **credential)  # type: ignore[arg-type]


def code(message: pb.ServerMessage) -> str:
    return pb.ErrorCode.Name(message.error.code).removeprefix("ERROR_CODE_")


def transport_id(house: House, client: Client) -> str:
    participant = house.meetings.participant(client.id)
    assert participant is not None
    return participant.transport_id


async def test_hello_tells_the_room_before_anybody_joins() -> None:
    house = House()
    client = house.connect()
    welcome = (await client.ask(hello=hello(invite_token="host"))).welcome
    assert (welcome.version, welcome.room.name, welcome.role, welcome.HasField("resumed")) == (
        1,
        "rooms/board",
        1,
        False,
    )
    assert house.meetings.meetings() == []


@pytest.mark.parametrize(("lowest", "highest"), [(2, 3), (0, 0), (3, 2)])
async def test_a_page_of_another_version_is_told_to_reload(lowest: int, highest: int) -> None:
    client = House().connect()
    answer = await client.ask(hello=hello(lowest, highest, invite_token="invite"))
    assert code(answer) == "VERSION_MISMATCH"
    assert "reload the page" in answer.error.message
    assert client.closed


@pytest.mark.parametrize(
    ("error", "expected"),
    [(InviteInvalid(), "INVITE_INVALID"), (InviteExpired(), "INVITE_EXPIRED"), (InviteRevoked(), "INVITE_REVOKED")],
)
async def test_a_bad_invite_is_told_apart_and_closes(error: Exception, expected: str) -> None:
    house = House()
    house.desk.errors["bad"] = error
    client = house.connect()
    assert code(await client.ask(hello=hello(invite_token="bad"))) == expected
    assert client.closed


async def test_an_invite_revoked_after_hello_does_not_let_in() -> None:
    house = House()
    client = house.connect()
    await client.ask(hello=hello(invite_token="invite"))
    house.desk.errors["invite"] = InviteRevoked()
    assert code(await client.ask(join=pb.Join(display_name="Ada"))) == "INVITE_REVOKED"
    assert house.meetings.meetings() == []


@pytest.mark.parametrize(
    "first", [{"ping": pb.Ping()}, {"join": pb.Join(display_name="Ada")}, {"leave": pb.Leave()}, {}]
)
async def test_hello_comes_first(first: dict[str, object]) -> None:
    client = House().connect()
    assert code(await client.ask(**first)) == "INVALID_REQUEST"
    assert client.closed


async def test_request_ids_rise_by_one() -> None:
    house = House()
    for wrong in (0, 1, 3, 2**63):
        client = house.connect()
        await client.ask(hello=hello(invite_token="invite"))
        await client.connection.handle(pb.ClientMessage(request_id=wrong, ping=pb.Ping()))
        (answer,) = client.take()
        assert (code(answer), answer.request_id) == ("INVALID_REQUEST", wrong)
        assert "must be 2" in answer.error.message
        assert client.closed


@pytest.mark.parametrize(
    "body",
    [
        {"offer": pb.Offer()},
        {"set_sources": pb.SetSources()},
        {"set_slots": pb.SetSlots()},
        {"end_meeting": pb.EndMeeting()},
    ],
)
async def test_what_needs_a_meeting_says_so_and_goes_on(body: dict[str, object]) -> None:
    client = House().connect()
    await client.ask(hello=hello(invite_token="invite"))
    answer = await client.ask(**body)
    assert (code(answer), answer.error.message) == ("INVALID_REQUEST", "join the meeting first")
    assert not client.closed
    assert (await client.ask(ping=pb.Ping())).HasField("ack")


async def test_joining_tells_the_joiner_everybody_and_everybody_the_joiner() -> None:
    house = House()
    ada = await house.join("Ada")
    bob = house.connect()
    await bob.ask(hello=hello(invite_token="invite"))
    joined = (await bob.ask(join=pb.Join(display_name=" Bob "))).joined
    assert [p.display_name for p in joined.participants] == ["Ada", "Bob"]
    assert (joined.meeting_start_time_ms, joined.media_connected) == (int(START.timestamp() * 1000), False)
    (event,) = ada.take()
    assert event.participant_changed.participant.display_name == "Bob"
    assert code(await bob.ask(join=pb.Join(display_name="Bob"))) == "INVALID_REQUEST"


async def test_a_full_room_and_a_bad_name_leave_the_connection_open() -> None:
    house = House()
    for index in range(ROOM.max_participants):
        await house.join(f"P{index}")
    late = house.connect()
    await late.ask(hello=hello(invite_token="invite"))
    assert code(await late.ask(join=pb.Join(display_name=" "))) == "INVALID_REQUEST"
    answer = await late.ask(join=pb.Join(display_name="Late"))
    assert code(answer) == "ROOM_FULL"
    assert answer.error.message == "room rooms/board is full (4 of 4); raise max_participants"
    assert not late.closed


async def test_an_offer_becomes_a_transport_and_an_answer_with_slots() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.set_source(1, True)
    answer = (await ada.offer()).answer
    assert answer.sdp.startswith("v=0\r\n")
    assert "a=ice-ufrag:user\r\n" in answer.sdp
    assert [(slot.mid, slot.audio) for slot in answer.slots] == [
        *((mid, False) for mid in VIDEO_SLOTS),
        *((mid, True) for mid in AUDIO_SLOTS),
    ]
    spec = house.core.specs[transport_id(house, ada)]
    assert [(s.source_id, s.mid, s.rids, s.active) for s in spec.sources] == [
        (f"{ada.id}/microphone", "0", (), True),
        (f"{ada.id}/camera", "1", ("q", "h", "f"), False),
        (f"{ada.id}/screen", "2", (), False),
        (f"{ada.id}/screen_audio", "3", (), False),
    ]
    assert len(spec.sources[2].ssrcs) == len(spec.sources[2].rtx_ssrcs) == 1
    assert {kind.name: number for kind, number in spec.header_extensions.items()} == {
        "MID": 4,
        "RID": 10,
        "REPAIRED_RID": 11,
        "AUDIO_LEVEL": 1,
        "ABS_SEND_TIME": 2,
    }
    assert not spec.dtls_client


async def test_layers_are_ordered_smallest_first_whatever_the_offer_says() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer(OFFER.replace("simulcast:send q;h;f", "simulcast:send f;h;q"))
    assert house.core.specs[transport_id(house, ada)].sources[1].rids == ("q", "h", "f")


async def test_a_bad_offer_says_what_is_lacking_and_changes_nothing() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    answer = await ada.offer(OFFER.replace("a=rtcp-mux\r\n", ""))
    assert (code(answer), answer.error.message) == ("SDP_INVALID", "mid 0 lacks a=rtcp-mux")
    assert (transport_id(house, ada), list(house.core.transports)) == (before, [before])


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ({"0": 1, "1": 2, "2": 3}, "mid 3 is sendonly, but the offer's sources do not say what it carries"),
        ({**KINDS, "4": 2}, "name mid 4, which is no sendonly m-line"),
        ({**KINDS, "0": 2, "1": 1}, "mid 0 is audio, but its source is a camera"),
        ({**KINDS, "2": 2}, "name a kind twice"),
    ],
)
async def test_sources_that_do_not_fit_the_offer_are_refused(
    monkeypatch: pytest.MonkeyPatch, kinds: dict[str, int], reason: str
) -> None:
    ada = await House().join("Ada")
    monkeypatch.setitem(globals(), "KINDS", kinds)
    answer = await ada.offer()
    assert code(answer) == "SDP_INVALID"
    assert reason in answer.error.message


async def test_a_new_offer_replaces_the_transport() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    await ada.offer()
    assert list(house.core.transports) == [transport_id(house, ada)] != [before]


async def test_ice_restart_keeps_the_transport_and_tells_new_credentials() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    answer = (await ada.offer(ice_restart=True)).answer
    assert "a=ice-ufrag:again\r\n" in answer.sdp
    assert len(answer.slots) == 12
    assert transport_id(house, ada) == before


async def test_ice_restart_of_a_lost_transport_asks_for_a_new_one() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    house.core.transports.clear()
    ada.request_id += 1
    request = pb.Offer(sdp=OFFER, ice_restart=True)
    await ada.connection.handle(pb.ClientMessage(request_id=ada.request_id, offer=request))
    answer, event = ada.take()[-2:]
    assert code(answer) == "UNAVAILABLE"
    assert event.HasField("media_lost")


async def test_an_offer_while_the_core_restarts_is_to_be_tried_again() -> None:
    house = House()
    ada = await house.join("Ada")
    house.core.away = True
    assert code(await ada.offer()) == "UNAVAILABLE"
    house.core.away = False
    assert (await ada.offer()).HasField("answer")


async def test_mute_is_told_to_everybody_and_to_the_core() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    bob.take()
    await ada.set_source(1, True)
    (event,) = bob.take()
    states = {source.id: source.active for source in event.participant_changed.participant.sources}
    assert states[f"{ada.id}/microphone"] and not states[f"{ada.id}/camera"]
    assert house.core.active[f"{ada.id}/microphone"]
    await ada.set_source(1, False)
    assert not house.core.active[f"{ada.id}/microphone"]


async def test_slots_show_what_is_wished_by_height() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await bob.offer()
    assert (await ada.show("4", f"{bob.id}/camera", 181)).HasField("ack")
    shown = house.core.shown[(transport_id(house, ada), "4")]
    assert (shown.source_id, shown.max_layer) == (f"{bob.id}/camera", 1)


@pytest.mark.parametrize(("height", "layer"), [(0, 0), (180, 0), (181, 1), (360, 1), (361, 2), (4320, 2)])
def test_the_smallest_layer_that_fills_the_picture(height: int, layer: int) -> None:
    assert layer_for_height(height) == layer


async def test_wishes_for_what_is_not_there_are_refused() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    assert code(await ada.show("4", f"{bob.id}/camera")) == "UNAVAILABLE"
    await ada.offer()
    for mid, source, reason in [
        ("99", f"{bob.id}/camera", "none of your video slots"),
        ("13", f"{bob.id}/camera", "none of your video slots"),
        ("4", "stranger/camera", "somebody in this meeting"),
        ("4", f"{bob.id}/microphone", "a camera or a screen"),
        ("4", f"{bob.id}/nonsense", "a camera or a screen"),
    ]:
        answer = await ada.show(mid, source)
        assert code(answer) == "INVALID_REQUEST"
        assert reason in answer.error.message
    twice = [pb.SlotWish(mid="4"), pb.SlotWish(mid="4")]
    assert code(await ada.ask(set_slots=pb.SetSlots(slots=twice))) == "INVALID_REQUEST"


async def test_a_wish_for_somebody_who_just_left_shows_nothing() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await bob.ask(leave=pb.Leave())
    assert (await ada.show("4", f"{bob.id}/camera")).HasField("ack")
    assert house.core.shown[(transport_id(house, ada), "4")].source_id == ""


async def test_a_wish_is_met_when_the_source_comes_and_when_it_comes_back() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await ada.show("4", f"{bob.id}/camera", 100)
    key = (transport_id(house, ada), "4")
    assert house.core.shown[key].source_id == ""
    for _ in range(2):
        await bob.offer()
        assert house.core.shown.pop(key) == SlotWish("4", f"{bob.id}/camera", 0)


async def test_leaving_cuts_at_the_core_tells_the_others_and_closes() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    bob.take()
    answer = await ada.ask(leave=pb.Leave())
    assert answer.HasField("ack")
    assert ada.closed
    assert house.core.transports == {}
    (event,) = bob.take()
    assert event.participant_left.participant_id == ada.id
    ada.connection.lost()
    assert bob.take() == []


async def test_only_a_host_ends_the_meeting_and_everybody_is_told() -> None:
    house = House()
    host, guest = await house.join("Host", "host"), await house.join("Guest")
    assert code(await guest.ask(end_meeting=pb.EndMeeting())) == "PERMISSION_DENIED"
    assert not guest.closed
    host.request_id += 1
    host.take()
    await host.connection.handle(pb.ClientMessage(request_id=host.request_id, end_meeting=pb.EndMeeting()))
    assert host.take_names() == ["ack", "meeting_ended"]
    ended = guest.take()[-1]
    assert ended.meeting_ended.reason == meetings_pb2.END_REASON_ENDED
    assert host.closed
    assert guest.closed


async def test_a_lost_connection_is_shown_and_resumes_with_the_meeting_as_it_is() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await house.media.take(TransportStateChanged(transport_id(house, ada), TransportState.CONNECTED))
    bob.take()
    ada.connection.lost()
    (event,) = bob.take()
    state = event.participant_changed.participant.connection_state
    assert state == meetings_pb2.CONNECTION_STATE_RECONNECTING
    again = house.connect()
    resumed = (await again.ask(hello=hello(resume_token=ada.token))).welcome.resumed
    assert (resumed.participant_id, resumed.resume_token, resumed.media_connected) == (ada.id, ada.token, True)
    assert len(resumed.slots) == 12
    assert [p.display_name for p in resumed.participants] == ["Ada", "Bob"]
    assert bob.take()[-1].participant_changed.participant.connection_state == meetings_pb2.CONNECTION_STATE_CONNECTED
    assert (await again.set_source(1, True)).HasField("ack")


async def test_resuming_elsewhere_closes_the_older_connection_without_harm() -> None:
    house = House()
    ada = await house.join("Ada")
    again = house.connect()
    await again.ask(hello=hello(resume_token=ada.token))
    last = ada.take()[-1]
    assert (code(last), last.request_id) == ("REPLACED", 0)
    assert ada.closed
    ada.connection.lost()
    participant = house.meetings.participant(ada.id)
    assert participant is not None
    assert participant.attached
    assert (await again.ask(ping=pb.Ping())).HasField("ack")


async def test_a_forged_or_late_resume_token_is_a_lost_session() -> None:
    house = House()
    ada = await house.join("Ada")
    ada.connection.lost()
    house.now_ns += GRACE_NS
    await house.meetings.expire()
    for token in (ada.token, "forged", ""):
        client = house.connect()
        assert code(await client.ask(hello=hello(resume_token=token))) == "SESSION_LOST"
        assert client.closed


async def test_a_client_gone_too_long_is_told_when_it_still_listens() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    ada.connection.lost()
    bob.take()
    house.now_ns += GRACE_NS
    await house.meetings.expire()
    assert bob.take()[-1].participant_left.participant_id == ada.id


async def test_a_connection_lost_during_its_join_leaves_nobody_behind() -> None:
    house = House()
    client = house.connect()
    await client.ask(hello=hello(invite_token="invite"))
    join = house.meetings.join

    async def join_while_lost(*arguments: object) -> tuple[Participant, str]:
        client.connection.lost()
        return await join(*arguments)  # type: ignore[arg-type]

    house.meetings.join = join_while_lost  # type: ignore[method-assign]
    await client.connection.handle(pb.ClientMessage(request_id=2, join=pb.Join(display_name="Ada")))
    assert house.meetings.meetings() == []


async def test_a_client_that_does_not_read_is_dropped_and_may_resume() -> None:
    house = House()
    slow, ada = await house.join("Slow"), await house.join("Ada")
    slow.take()
    for index in range(CAPACITY + 1):
        await ada.set_source(1, index % 2 == 0)
    assert slow.connection.dead
    slow.connection.lost()
    again = house.connect()
    assert (await again.ask(hello=hello(resume_token=slow.token))).welcome.HasField("resumed")


async def test_a_silent_connection_is_dead() -> None:
    house = House()
    ada = await house.join("Ada")
    house.now_ns += SILENCE_NS - 1
    assert not ada.connection.dead
    await ada.ask(ping=pb.Ping())
    house.now_ns += SILENCE_NS - 1
    assert not ada.connection.dead
    house.now_ns += 1
    assert ada.connection.dead


async def test_slots_and_speakers_of_the_core_reach_the_clients() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await bob.offer()
    ada.take()
    bob.take()
    await house.media.take(SlotChanged(transport_id(house, ada), "13", f"{bob.id}/microphone", 0))
    (event,) = ada.take()
    assert [(s.mid, s.audio, s.source_id) for s in event.slots_changed.slots] == [("13", True, f"{bob.id}/microphone")]
    assert bob.take() == []
    meeting = house.meetings.meetings()[0]
    speaking = (f"{bob.id}/screen_audio", f"{ada.id}/microphone", f"{bob.id}/microphone", "gone/microphone")
    await house.media.take(SpeakersChanged(meeting.id, speaking))
    for client in (ada, bob):
        (event,) = client.take()
        assert list(event.speakers_changed.participant_ids) == [bob.id, ada.id]
    ada.connection.lost()
    again = house.connect()
    answer = await again.ask(hello=hello(resume_token=ada.token))
    assert [s.source_id for s in answer.welcome.resumed.slots if s.mid == "13"] == [f"{bob.id}/microphone"]


async def test_events_of_a_replaced_transport_are_ignored() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    await ada.offer()
    ada.take()
    await house.media.take(TransportStateChanged(before, TransportState.CONNECTED))
    await house.media.take(SlotChanged(before, "13", "x/microphone", 0))
    assert ada.take() == []


async def test_a_transport_that_fails_after_it_worked_is_to_be_made_anew() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    failing = transport_id(house, ada)
    for state in (TransportState.CONNECTED, TransportState.DISCONNECTED, TransportState.FAILED):
        await house.media.take(TransportStateChanged(failing, state))
    assert ada.take_names().count("media_lost") == 1
    assert house.core.transports == {}
    assert (await ada.offer()).HasField("answer")


async def test_a_restarted_core_is_rebuilt_by_the_clients_offers() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    for client in (ada, bob):
        await client.offer()
        await client.set_source(2, True)
    house.core.transports.clear()
    house.core.active.clear()
    await house.media.reconcile()
    assert "media_lost" in ada.take_names()
    assert "media_lost" in bob.take_names()
    # Ada is back first: her wish waits for Bob's camera.
    await ada.offer()
    await ada.show("4", f"{bob.id}/camera")
    await bob.offer()
    assert house.core.shown[(transport_id(house, ada), "4")].source_id == f"{bob.id}/camera"
    specs = house.core.specs[transport_id(house, bob)]
    assert [source.active for source in specs.sources] == [False, True, False, False]


async def test_a_restarted_control_keeps_what_stands_and_deletes_orphans() -> None:
    before = House()
    ada, bob, cyd = [await before.join(name) for name in ("Ada", "Bob", "Cyd")]
    for client in (ada, bob, cyd):
        await client.offer()
    await ada.show("4", f"{bob.id}/camera")
    core = before.core
    orphan = dataclasses.replace(core.transports[transport_id(before, cyd)], transport_id="orphan", source_ids=())
    core.transports["orphan"] = orphan
    del core.transports[transport_id(before, cyd)]
    standing = core.transports[transport_id(before, ada)]
    shown = tuple(dataclasses.replace(s, source_id=f"{bob.id}/camera") if s.mid == "4" else s for s in standing.slots)
    connected = TransportState.CONNECTED
    core.transports[standing.transport_id] = dataclasses.replace(standing, slots=shown, state=connected)

    after = House(core)
    after.store.open = before.meetings.meetings()
    await after.meetings.restore()
    await after.media.reconcile()
    assert set(core.transports) == {standing.transport_id, transport_id(before, bob)}
    again = after.connect()
    resumed = (await again.ask(hello=hello(resume_token=ada.token))).welcome.resumed
    assert resumed.media_connected
    assert [(s.mid, s.source_id) for s in resumed.slots if s.source_id] == [("4", f"{bob.id}/camera")]
    states = {p.display_name: p.connection_state for p in resumed.participants}
    assert states["Ada"] == meetings_pb2.CONNECTION_STATE_CONNECTED
    assert states["Bob"] == meetings_pb2.CONNECTION_STATE_RECONNECTING
    lost = after.connect()
    assert not (await lost.ask(hello=hello(resume_token=cyd.token))).welcome.resumed.media_connected
    assert (await lost.offer()).HasField("answer")
    # What was shown before the restart is shown again when its source comes back.
    back = after.connect()
    await back.ask(hello=hello(resume_token=bob.token))
    core.shown.clear()
    await back.offer()
    assert core.shown[(standing.transport_id, "4")].source_id == f"{bob.id}/camera"
