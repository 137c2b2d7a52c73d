"""Devices' sessions: who gets one, what a PATCH may do, when a session ends, and what a device that plays is shown."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from conclave.services.devices.errors import (
    DescriptionMalformed,
    EndToEndRoom,
    NoDevice,
    NotLetIn,
    OfferNotAcceptable,
    RestartImpossible,
    SessionOver,
    StaleIce,
    TokenRefused,
    TooManySessions,
)
from conclave.services.devices.offers import Direction
from conclave.services.devices.service import CONNECT_NS, MAX_SESSIONS, DeviceService, Opened
from conclave.services.devices.showing import shown_next
from conclave.services.domain.errors import ServiceError
from conclave.services.domain.invites import Invite
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Admission, Room
from conclave.services.invites.errors import InviteExpired, InviteInvalid, InviteRevoked
from conclave.services.media.errors import CoreUnavailable
from conclave.services.media.model import (
    CoreInfo,
    SpeakersChanged,
    Transport,
    TransportSpec,
    TransportState,
    TransportStateChanged,
)
from conclave.services.meetings.model import EndReason, Meeting, Participant

from .signalling_house import ROOM, START, Desk, House, code, hello

SEND, PLAY = Direction.SEND, Direction.PLAY
HEAD = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:{setup}\r\n"
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=ice-ufrag:user\r\n"
    "a=ice-pwd:0123456789012345678901\r\na=rtpmap:111 opus/48000/2\r\na=ssrc:11 cname:x\r\n"
)
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtcp-mux\r\na=ice-ufrag:user\r\n"
    "a=ice-pwd:0123456789012345678901\r\na=rtpmap:96 {codec}/90000\r\na=ssrc:12 cname:x\r\n"
)
FEEDBACK = "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
# As FFmpeg writes it: no header extensions, no feedback, passive in DTLS.
SENT = (
    HEAD.format(mids="0 1", setup="passive") + AUDIO + "a=sendonly\r\n" + VIDEO.format(codec="VP8") + "a=sendonly\r\n"
)
PLAYED = (
    HEAD.format(mids="0 1", setup="actpass")
    + AUDIO
    + "a=recvonly\r\n"
    + VIDEO.format(codec="VP8")
    + FEEDBACK
    + "a=recvonly\r\n"
)
CANDIDATE = "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host"
NEW_ICE = "a=ice-ufrag:another\r\na=ice-pwd:0123456789012345678901\r\n"


class DeviceDesk(Desk):
    """Tokens that begin with "device" are devices'."""

    async def verify(self, token: str) -> Invite:
        invite = await super().verify(token)
        if not token.startswith("device"):
            return invite
        return dataclasses.replace(invite, role=Role.DEVICE, display_name=f"Camera {token}")

    def identify(self, token: str) -> str:
        if isinstance(self.errors.get(token), InviteInvalid):
            raise InviteInvalid
        return (token.replace("-", "") * 16)[:16]


class Reasons:
    """Why participants left."""

    def __init__(self) -> None:
        self.told: list[EndReason | None] = []

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None: ...

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        self.told.append(reason)


class DeviceHouse(House):
    def __init__(self) -> None:
        super().__init__()
        self.desk: DeviceDesk = DeviceDesk()
        self.devices = DeviceService(self.meetings, self.media, self.desk, self.desk, lambda: self.now_ns)
        self.meetings.observe(self.devices)

    def of(self, opened: Opened) -> Participant:
        person = self.meetings.owner_of(opened.session_id)
        assert isinstance(person, Participant)
        return person

    async def media_is(self, opened: Opened, state: TransportState) -> None:
        await self.media.take(TransportStateChanged(self.of(opened).transport_id, state))

    @property
    def meeting(self) -> Meeting:
        (meeting,) = self.meetings.meetings()
        return meeting


@pytest.fixture
def house() -> DeviceHouse:
    return DeviceHouse()


async def test_a_device_that_sends_is_in_the_roster_as_a_device(house: DeviceHouse) -> None:
    ann = await house.join("Ann", "host")
    ann.take()
    opened = await house.devices.open("device", SEND, SENT)
    told = [
        message.participant_changed.participant for message in ann.take() if message.HasField("participant_changed")
    ]
    assert (told[-1].display_name, told[-1].role) == ("Camera device", 3)
    assert sorted(source.kind for source in told[-1].sources if source.active) == [1, 2]
    spec = house.core.specs[house.of(opened).transport_id]
    # FFmpeg is the passive end of DTLS and names its streams by SSRC alone.
    assert spec.dtls_client
    assert [(source.ssrcs, source.active, source.vp9_payload_type) for source in spec.sources] == [
        ((11,), True, 0),
        ((12,), True, 0),
    ]
    for line in ("a=setup:active", "a=recvonly", "a=rtcp-mux-only", "a=ice-lite", "a=end-of-candidates"):
        assert f"{line}\r\n" in opened.answer
    # RFC 9725 section 4.4.1; and aiortc takes ICE from the last section.
    assert [opened.answer.count(line) for line in ("a=rtcp-mux-only\r\n", "a=ice-ufrag:", "a=end-of")] == [2, 2, 2]


async def test_a_device_sends_h264_when_it_has_no_vp8(house: DeviceHouse) -> None:
    parameters = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c01e"
    alone = SENT.replace("VP8", "H264") + f"a=fmtp:96 {parameters};sprop-parameter-sets=Z0LA\r\n"
    opened = await house.devices.open("device", SEND, alone)
    source = house.core.specs[house.of(opened).transport_id].sources[1]
    assert (source.payload_type, source.h264_payload_type) == (0, 96)
    assert f"a=fmtp:96 {parameters}\r\n" in opened.answer

    beside = SENT.replace(" 96\r\n", " 96 97\r\n") + "a=rtpmap:97 H264/90000\r\n"
    opened = await house.devices.open("device", SEND, beside)
    source = house.core.specs[house.of(opened).transport_id].sources[1]
    assert (source.payload_type, source.h264_payload_type) == (96, 0)


@pytest.mark.parametrize(
    ("error", "token"), [(InviteInvalid(), "x"), (InviteExpired(), "device"), (InviteRevoked(), "device")]
)
async def test_a_token_that_does_not_work_opens_nothing(house: DeviceHouse, error: Exception, token: str) -> None:
    house.desk.errors[token] = error
    with pytest.raises(TokenRefused):
        await house.devices.open(token, SEND, SENT)
    assert not house.meetings.meetings()


@pytest.mark.parametrize("mode", [ProtectionMode.END_TO_END, ProtectionMode.END_TO_END_SEALED])
@pytest.mark.parametrize("token", ["device", "invite"])
async def test_end_to_end_rooms_refuse_and_say_why(house: DeviceHouse, mode: ProtectionMode, token: str) -> None:
    house.desk.room = dataclasses.replace(ROOM, protection_mode=mode)
    with pytest.raises(EndToEndRoom, match="end-to-end encrypted"):
        await house.devices.open(token, SEND, SENT)
    assert not house.meetings.meetings()
    assert not house.core.transports


@pytest.mark.parametrize("token", ["invite", "host"])
async def test_an_invite_for_people_opens_no_device(house: DeviceHouse, token: str) -> None:
    with pytest.raises(NoDevice):
        await house.devices.open(token, SEND, SENT)


async def test_a_device_does_not_wait_for_a_host(house: DeviceHouse) -> None:
    house.desk.room = dataclasses.replace(ROOM, admission=Admission(wait_for_host=True))
    with pytest.raises(NotLetIn):
        await house.devices.open("device", SEND, SENT)
    assert not house.meetings.waiting_in(ROOM.room_id)


@pytest.mark.parametrize(
    ("direction", "offer", "error"),
    [
        (SEND, "hello", DescriptionMalformed),
        (SEND, "", DescriptionMalformed),
        (SEND, SENT.replace("VP8", "H265"), OfferNotAcceptable),
        (SEND, SENT.replace("VP8", "H264") + "a=fmtp:96 profile-level-id=640028\r\n", OfferNotAcceptable),  # high
        (SEND, SENT.replace("VP8", "H264") + "a=fmtp:96 packetization-mode=2\r\n", OfferNotAcceptable),
        (SEND, PLAYED, OfferNotAcceptable),
        (PLAY, SENT + FEEDBACK, OfferNotAcceptable),
        (SEND, SENT.replace("0 1", "0 1 2") + VIDEO.format(codec="VP8").replace("mid:1", "mid:2"), OfferNotAcceptable),
        (SEND, SENT.replace("a=rtcp-mux\r\n", ""), OfferNotAcceptable),
    ],
)
async def test_an_offer_that_cannot_be_taken_leaves_nobody_behind(
    house: DeviceHouse, direction: Direction, offer: str, error: type[ServiceError]
) -> None:
    with pytest.raises(error):
        await house.devices.open("device", direction, offer)
    assert not house.meetings.meetings()


async def test_a_device_that_finds_no_core_leaves_nobody_behind(house: DeviceHouse) -> None:
    house.core.away = True
    with pytest.raises(CoreUnavailable):
        await house.devices.open("device", SEND, SENT)
    assert not house.meetings.meetings()


async def test_a_token_has_a_few_sessions_at_once(house: DeviceHouse) -> None:
    house.desk.room = dataclasses.replace(ROOM, max_participants=20)
    for _ in range(MAX_SESSIONS):
        opened = await house.devices.open("device", SEND, SENT)
    with pytest.raises(TooManySessions):
        await house.devices.open("device", SEND, SENT)
    await house.devices.open("device-2", SEND, SENT)
    await house.devices.close("device", opened.session_id, SEND)
    await house.devices.open("device", SEND, SENT)


async def test_a_device_that_comes_back_takes_the_place_of_what_it_lost(house: DeviceHouse) -> None:
    first = await house.devices.open("device", SEND, SENT)
    await house.media_is(first, TransportState.CONNECTED)
    await house.media_is(first, TransportState.DISCONNECTED)
    second = await house.devices.open("device", SEND, SENT)
    assert list(house.meeting.participants) == [house.of(second).id]


async def test_sessions_that_open_at_once_are_counted_once(house: DeviceHouse) -> None:
    house.desk.room = dataclasses.replace(ROOM, max_participants=20)
    opening = (house.devices.open("device", SEND, SENT) for _ in range(MAX_SESSIONS + 2))
    opened = await asyncio.gather(*opening, return_exceptions=True)
    assert [isinstance(each, TooManySessions) for each in opened].count(True) == 2
    for each in opened[2:MAX_SESSIONS]:
        assert isinstance(each, Opened)
        await house.devices.close("device", each.session_id, SEND)
    held, release = asyncio.Event(), asyncio.Event()
    make = house.core.create_transport

    async def slowly(spec: TransportSpec) -> Transport:
        house.core.create_transport = make  # type: ignore[method-assign]
        held.set()
        await release.wait()
        return await make(spec)

    house.core.create_transport = slowly  # type: ignore[method-assign]
    slow = asyncio.create_task(house.devices.open("device", SEND, SENT))
    await held.wait()
    await house.devices.open("device", SEND, SENT)
    release.set()
    await slow
    assert len(house.meeting.participants) == MAX_SESSIONS


async def test_a_loss_does_not_cost_the_token_what_goes_the_other_way(house: DeviceHouse) -> None:
    camera = await house.devices.open("device", SEND, SENT)
    await house.media_is(camera, TransportState.CONNECTED)
    await house.media_is(camera, TransportState.DISCONNECTED)
    screen = await house.devices.open("device", PLAY, PLAYED)
    assert set(house.meeting.participants) == {house.of(camera).id, house.of(screen).id}


async def test_another_token_cannot_touch_a_session(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    ann = await house.join("Ann")
    for token, session_id, direction in (
        ("device-2", opened.session_id, SEND),
        ("device", "made-up", SEND),
        ("device", opened.session_id, PLAY),
        # A person's way back into the meeting is no device's session.
        ("invite", ann.token, SEND),
    ):
        with pytest.raises(SessionOver):
            await house.devices.close(token, session_id, direction)
        with pytest.raises(SessionOver):
            await house.devices.patch(token, session_id, direction, [], NEW_ICE)
    house.desk.errors["device"] = InviteInvalid()
    with pytest.raises(TokenRefused):
        await house.devices.close("device", opened.session_id, SEND)
    assert len(house.meeting.participants) == 2


async def test_devices_and_people_do_not_come_in_by_each_others_door(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    refused = await house.connect().ask(hello=hello(resume_token=opened.session_id))
    assert code(refused) == "SESSION_LOST"
    refused = await house.connect().ask(hello=hello(invite_token="device"))
    assert code(refused) == "INVITE_INVALID"


async def test_the_entity_tag_of_the_ice_session_decides(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    patch = house.devices.patch
    known = ("device", opened.session_id, SEND)
    same = "a=ice-ufrag:user\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    assert await patch(*known, [opened.entity_tag], f"{same}{CANDIDATE}\r\na=end-of-candidates\r\n") is None
    assert await patch(*known, ["other", opened.entity_tag], CANDIDATE) is None
    with pytest.raises(StaleIce):
        await patch(*known, ["other"], CANDIDATE)
    with pytest.raises(RestartImpossible):
        await patch(*known, [opened.entity_tag], NEW_ICE)
    assert await patch(*known, [], same) is None
    restarted = await patch(*known, [], NEW_ICE)
    assert restarted is not None
    assert restarted.entity_tag != opened.entity_tag
    assert "a=ice-ufrag:again\r\n" in restarted.fragment
    assert "a=candidate:1 1 udp" in restarted.fragment
    with pytest.raises(StaleIce):
        await patch(*known, [opened.entity_tag], CANDIDATE)
    assert await patch(*known, [restarted.entity_tag], CANDIDATE) is None


async def test_a_restart_whose_answer_was_lost_is_answered_again(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    first = await house.devices.patch("device", opened.session_id, SEND, [], NEW_ICE)
    assert first is not None
    assert await house.devices.patch("device", opened.session_id, SEND, [], NEW_ICE) == first
    assert await house.devices.patch("device", opened.session_id, SEND, [first.entity_tag], CANDIDATE) is None


async def test_a_session_that_ends_while_the_core_is_asked_is_over(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    device, restart, info = house.of(opened), house.core.restart_ice, house.core.info

    async def end_it(transport_id: str, remote_ice_ufrag: str) -> Transport:
        transport = await restart(transport_id, remote_ice_ufrag)
        await house.meetings.take_out(device, "administrator:local")
        return transport

    house.core.restart_ice = end_it  # type: ignore[method-assign]
    with pytest.raises(SessionOver):
        await house.devices.patch("device", opened.session_id, SEND, [], NEW_ICE)

    async def end_all() -> CoreInfo:
        for participant in list(house.meeting.participants.values()):
            await house.meetings.leave(participant)
        return await info()

    house.core.info = end_all  # type: ignore[method-assign]
    with pytest.raises(SessionOver):
        await house.devices.open("device-2", SEND, SENT)
    assert not house.devices._ice


@pytest.mark.parametrize("fragment", ["", "a=ice-ufrag:another\r\n", CANDIDATE])
async def test_a_restart_names_both_credentials(house: DeviceHouse, fragment: str) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    with pytest.raises(DescriptionMalformed):
        await house.devices.patch("device", opened.session_id, SEND, [], fragment)


async def test_a_restart_that_fails_keeps_the_session(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    house.core.away = True
    with pytest.raises(CoreUnavailable):
        await house.devices.patch("device", opened.session_id, SEND, [], NEW_ICE)
    house.core.away = False
    assert await house.devices.patch("device", opened.session_id, SEND, [opened.entity_tag], CANDIDATE) is None


async def test_a_session_that_never_connects_ends(house: DeviceHouse) -> None:
    await house.devices.open("device", SEND, SENT)
    await house.devices.tick()
    house.now_ns += CONNECT_NS - 1
    await house.devices.tick()
    assert house.meetings.meetings()
    house.now_ns += 1
    # Nobody chose it: the others and the audit log hear so.
    house.meetings.observe(reasons := Reasons())
    await house.devices.tick()
    assert reasons.told == [EndReason.TIMED_OUT]
    assert not house.meetings.meetings()
    assert not house.core.transports


async def test_a_session_ends_when_consent_to_send_has_expired(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    await house.media_is(opened, TransportState.CONNECTED)
    house.now_ns += 10 * CONNECT_NS
    await house.devices.tick()
    await house.media_is(opened, TransportState.DISCONNECTED)
    await house.devices.tick()
    assert house.meetings.meetings()
    await house.media_is(opened, TransportState.FAILED)
    await house.devices.tick()
    assert not house.meetings.meetings()


async def test_a_revoked_token_ends_its_sessions(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    other = await house.devices.open("device-2", SEND, SENT)
    await house.devices.invite_revoked(ROOM.room_id, house.of(opened).invite_id)
    assert list(house.meeting.participants) == [house.of(other).id]
    assert len(house.core.transports) == 1


async def test_a_token_revoked_while_its_device_comes_in_opens_nothing(house: DeviceHouse) -> None:
    get = house.desk.get

    async def revoke(room_id: str) -> Room:
        # Nothing stands yet that a revocation could end.
        house.desk.errors["device"] = InviteRevoked()
        await house.devices.invite_revoked(room_id, house.desk.identify("device"))
        return await get(room_id)

    house.desk.get = revoke  # type: ignore[method-assign]
    with pytest.raises(TokenRefused):
        await house.devices.open("device", SEND, SENT)
    assert not house.meetings.meetings()
    assert not house.core.transports


async def test_a_session_goes_on_when_control_restarts(house: DeviceHouse) -> None:
    opened = await house.devices.open("device", SEND, SENT)
    await house.media_is(opened, TransportState.CONNECTED)
    device = house.of(opened)
    house.meetings.detach(device)
    await house.devices.tick()
    assert device.attached


async def test_a_device_that_plays_is_shown_who_speaks(house: DeviceHouse) -> None:
    house.desk.room = dataclasses.replace(ROOM, max_participants=9)
    player = house.of(await house.devices.open("device", PLAY, PLAYED))
    cameras = [house.of(await house.devices.open(f"device-{i}", SEND, SENT)).id for i in (2, 3)]
    shown = (player.transport_id, "1")
    await house.devices.tick()
    assert house.core.shown[shown].source_id == f"{cameras[0]}/camera"
    await house.media.take(SpeakersChanged(house.meeting.id, (f"{cameras[1]}/microphone",)))
    await house.devices.tick()
    assert house.core.shown[shown].source_id == f"{cameras[1]}/camera"
    # Who has stopped speaking stays until somebody else does.
    await house.media.take(SpeakersChanged(house.meeting.id, ()))
    await house.devices.tick()
    assert house.core.shown[shown].source_id == f"{cameras[1]}/camera"
    person = house.meeting.participants[cameras[1]]
    await house.meetings.leave(person)
    await house.devices.tick()
    assert house.core.shown[shown].source_id == f"{cameras[0]}/camera"
    assert player.join_time == START


@pytest.mark.parametrize(
    ("shown", "pictures", "expected"),
    [
        ({"1": ""}, [], {"1": ""}),
        ({"1": "", "2": ""}, ["a"], {"1": "a", "2": ""}),
        ({"1": "a", "2": "b"}, ["b", "a", "c"], {"1": "a", "2": "b"}),
        ({"1": "a", "2": "b"}, ["c", "b"], {"1": "c", "2": "b"}),
        ({"1": "a", "2": "a"}, ["a", "b"], {"1": "a", "2": "b"}),
        ({"1": "gone", "2": "b"}, ["b"], {"1": "", "2": "b"}),
    ],
)
def test_pictures_stay_where_they_are(shown: dict[str, str], pictures: list[str], expected: dict[str, str]) -> None:
    assert shown_next(shown, pictures) == expected
