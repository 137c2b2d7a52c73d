"""End-to-end groups through the signalling, with handshakes written by hand."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.rooms import Admission
from conclave.services.meetings.service import END_TO_END_GRACE_NS, GRACE_NS
from conclave.services.mls.assembly import BATCH_NS, DESERTED_NS
from conclave.services.mls.group import COMMITTER_PATIENCE_NS
from conclave.services.mls.lifecycle import DeliveryPart
from conclave.services.mls.policy import GroupPolicy
from conclave.v1 import groups_pb2, identity_pb2
from conclave.v1 import signalling_pb2 as pb

from .group_hall import GROUP_ID, LIFETIME, Guest, Hall, capable, joining
from .mls_leaves import Person
from .mls_messages import add, commit, remove
from .signalling_house import DEPLOYMENT, KINDS, House, code, hello


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_a_client_that_has_no_groups_is_refused_in_plain_words(hall: Hall) -> None:
    answer = await hall.connect().ask(hello=hello(invite_token="invite"))
    assert code(answer) == "VERSION_MISMATCH"
    assert "end-to-end encrypted" in answer.error.message
    guest = await hall.come("anna")
    resuming = hall.connect()
    assert code(await resuming.ask(hello=hello(resume_token=guest.client.token))) == "VERSION_MISMATCH"
    assert not guest.client.closed


async def test_nobody_joins_without_an_identity_key(hall: Hall) -> None:
    for key in (b"", bytes(31), bytes(33)):
        client = hall.connect()
        await client.ask(hello=capable(invite_token="invite"))
        assert code(await client.ask(join=pb.Join(display_name="Ada", identity_key=key))) == "INVALID_REQUEST"
    assert hall.meetings.meetings() == []


async def test_the_deployment_vouches_for_who_joined_and_again_after_a_resume(hall: Hall) -> None:
    hall.desk.members["mine"] = "Grace"
    guest = await hall.come("anna", "mine")
    resumed = await hall.connect().ask(hello=capable(resume_token=guest.client.token))
    identity = resumed.welcome.resumed.identity
    assert (identity.statement, identity.statement_signature) == (
        guest.person.vouched.statement,
        guest.person.vouched.signature,
    )
    Ed25519PublicKey.from_public_bytes(identity.deployment_key).verify(
        identity.statement_signature, b"conclave identity v1\0" + identity.statement
    )
    said = identity_pb2.IdentityStatement.FromString(identity.statement)
    assert said.participant_id == guest.id
    assert said.meeting.startswith("rooms/board/meetings/")
    assert said.identity_key == guest.person.vouched.identity_key
    assert identity.policy.mode == ProtectionMode.END_TO_END


async def test_guests_have_no_subject_and_members_have_theirs(hall: Hall) -> None:
    hall.desk.members["mine"] = "Grace"
    subjects = []
    for invite in ("invite", "mine"):
        statement = (await hall.come("anna", invite)).person.vouched.statement
        subjects.append(identity_pb2.IdentityStatement.FromString(statement).subject)
    assert subjects == ["", f"member:{'mine' * 4}"]


async def test_who_waited_comes_in_with_the_key_that_it_came_with(hall: Hall) -> None:
    hall.desk.room = dataclasses.replace(hall.desk.room, admission=Admission(lobby=True))
    host = await hall.come("anna", "host")
    late = Guest(hall.connect(), "ben")
    await late.client.ask(hello=capable(invite_token="invite"))
    waiting = (await late.client.ask(join=joining(late.person))).waiting
    # Not admitted: not in the group either.
    refused = await late.client.ask(enter_group=groups_pb2.EnterGroup(key_package=late.person.key_package()))
    assert code(refused) == "INVALID_REQUEST"
    await host.client.ask(admit=pb.AdmitWaiting(participant_ids=[waiting.participant_id]))
    joined = next(message.joined for message in late.client.take() if message.HasField("joined"))
    late.vouched_by(joined)
    assert identity_pb2.IdentityStatement.FromString(joined.identity.statement).participant_id == waiting.participant_id
    await late.enter()


async def test_a_member_with_another_key_than_before_waits_until_a_host_has_looked(hall: Hall) -> None:
    hall.desk.members["mine"] = "Grace"
    known = Person(DEPLOYMENT, "known")
    hall.store.keys[f"member:{'mine' * 4}"] = {known.identity.public_key().public_bytes_raw()}
    host = await hall.come("anna", "host")
    clients = [hall.connect() for _ in range(2)]
    for client in clients:
        await client.ask(hello=capable(invite_token="mine"))
    # The invite alone does not make somebody the person whom it names.
    other = await clients[0].ask(join=joining(Person(DEPLOYMENT, "other")))
    same = await clients[1].ask(join=joining(known))
    assert (other.WhichOneof("body"), same.WhichOneof("body")) == ("waiting", "joined")
    (lobby, *_) = [message.lobby_changed for message in host.client.take() if message.HasField("lobby_changed")]
    assert [(person.member, person.key_is_new) for person in lobby.waiting] == [(True, True)]
    await host.client.ask(admit=pb.AdmitWaiting(participant_ids=[other.waiting.participant_id]))
    assert "joined" in clients[0].take_names()


async def test_other_rooms_have_no_groups_and_say_nothing_of_identity() -> None:
    house = House()
    client = house.connect()
    await client.ask(hello=capable(invite_token="invite"))
    answer = await client.ask(join=joining(Person(DEPLOYMENT, "anna")))
    assert not answer.joined.HasField("identity")
    participant = house.meetings.participant(answer.joined.participant_id)
    assert participant is not None
    assert participant.identity_key == b""
    for body in (
        {"enter_group": groups_pb2.EnterGroup()},
        {"found_group": groups_pb2.FoundGroup(group_id=GROUP_ID)},
        {"send_handshake": groups_pb2.SendHandshake()},
        {"read_handshakes": groups_pb2.ReadHandshakes()},
    ):
        assert code(await client.ask(**body)) == "INVALID_REQUEST"


async def test_a_group_is_founded_joined_and_changed_in_one_order(hall: Hall) -> None:
    anna, ben = await hall.come("anna"), await hall.come("ben")
    await anna.enter()
    package = await ben.enter()
    await hall.wait()
    assert anna.take() == ["found_requested"]
    assert (await anna.client.ask(found_group=groups_pb2.FoundGroup(group_id=GROUP_ID))).HasField("ack")
    await hall.wait(BATCH_NS)
    asked = next(message.commit_requested for message in anna.client.take() if message.HasField("commit_requested"))
    assert [(entrant.participant_id, entrant.key_package[4:]) for entrant in asked.add] == [(ben.id, package)]
    assert (asked.group_id, asked.epoch, list(asked.remove)) == (GROUP_ID, 0, [])
    answer = await anna.send(commit(0, 0, b"\0\1" + package, group_id=GROUP_ID), b"the welcome")
    assert answer.HasField("ack")
    # The sender learns from the stream that its commit holds; who was added gets the Welcome and not the commit.
    assert anna.take() == ["group_handshake"]
    (welcome,) = [message.group_welcome for message in ben.client.take() if message.HasField("group_welcome")]
    assert (welcome.group_id, welcome.sequence, welcome.epoch, welcome.welcome) == (GROUP_ID, 1, 1, b"the welcome")


async def test_a_group_under_another_policy_is_not_founded(hall: Hall) -> None:
    anna = await hall.come("anna")
    await anna.enter()
    await hall.wait()
    sealed = GroupPolicy(ProtectionMode.END_TO_END_SEALED)
    for group_id in (b"", b"\1" + sealed.hash() + bytes(16), GROUP_ID[:-1]):
        answer = await anna.client.ask(found_group=groups_pb2.FoundGroup(group_id=group_id))
        assert code(answer) == "HANDSHAKE_REFUSED"


async def test_a_new_leaf_of_somebody_else_is_refused(hall: Hall) -> None:
    anna, ben = await hall.come("anna"), await hall.come("ben")
    stolen = groups_pb2.EnterGroup(key_package=ben.person.key_package(**LIFETIME))
    assert code(await anna.client.ask(enter_group=stolen)) == "INVALID_REQUEST"


async def test_what_a_client_does_differently_after_a_refusal_has_a_code_of_its_own(hall: Hall) -> None:
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    await cleo.client.ask(leave=pb.Leave())
    await hall.wait()
    assert anna.take() == ["commit_requested"]
    removal = commit(1, 0, remove(2), path=True, group_id=GROUP_ID)
    answers = [
        await anna.send(commit(1, 0, path=True, group_id=GROUP_ID)),
        await anna.send(removal, group_id=b"another"),
        await anna.send(b"\0\1\0\2" + removal[4:]),
        await ben.send(removal),
        await anna.send(removal),
        await anna.send(removal),
    ]
    assert [code(answer) if answer.HasField("error") else "ok" for answer in answers] == [
        "HANDSHAKE_REFUSED",
        "GROUP_RETIRED",
        # No private message passes: nobody could see what it does.
        "INVALID_REQUEST",
        "HANDSHAKE_REFUSED",
        "ok",
        "STALE_EPOCH",
    ]


async def test_one_who_is_removed_is_to_be_committed_out_at_once(hall: Hall) -> None:
    host = await hall.come("host", "host")
    await host.enter()
    anna, ben = [await hall.come(name) for name in ("anna", "ben")]
    packages = [await guest.enter() for guest in (anna, ben)]
    await hall.wait()
    await host.client.ask(found_group=groups_pb2.FoundGroup(group_id=GROUP_ID))
    await hall.wait(BATCH_NS)
    await host.send(commit(0, 0, *(b"\0\1" + package for package in packages), group_id=GROUP_ID), b"w")
    await host.client.ask(remove=pb.Remove(participant_id=anna.id))
    # Before anybody is asked, no commit counts that leaves her in.
    refused = await host.send(commit(1, 0, path=True, group_id=GROUP_ID))
    assert code(refused) == "HANDSHAKE_REFUSED"
    host.take()
    await hall.delivery.attend()
    assert host.take() == ["commit_requested"]
    assert (await host.send(commit(1, 0, remove(1), path=True, group_id=GROUP_ID))).HasField("ack")
    assert ben.take()[-1:] == ["group_handshake"]
    assert anna.client.closed


async def test_when_the_lowest_leaf_says_nothing_the_next_is_asked(hall: Hall) -> None:
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    await cleo.client.ask(leave=pb.Leave())
    await hall.wait(COMMITTER_PATIENCE_NS)
    assert (anna.take(), ben.take()) == (["commit_requested"], ["commit_requested"])
    assert (await ben.send(commit(1, 1, remove(2), path=True, group_id=GROUP_ID))).HasField("ack")
    assert code(await anna.send(commit(1, 0, remove(2), path=True, group_id=GROUP_ID))) == "STALE_EPOCH"
    assert (anna.take(), ben.take()) == (["group_handshake"], ["group_handshake"])


async def test_a_client_whose_connection_was_lost_reads_what_it_missed(hall: Hall) -> None:
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    ben.client.connection.lost()
    await cleo.client.ask(leave=pb.Leave())
    await hall.wait()
    await anna.send(commit(1, 0, remove(2), path=True, group_id=GROUP_ID))
    again = Guest(hall.connect(), "ben")
    again.client.id = ben.id
    await again.client.ask(hello=capable(resume_token=ben.client.token))
    (entry,) = (await again.read(after=1)).handshakes.handshakes
    assert (entry.sequence, entry.epoch, entry.group_id) == (2, 1, GROUP_ID)
    # One that lost the Welcome too gets that, and what came after it.
    whole = (await again.read(b"")).handshakes
    assert (whole.welcome.sequence, whole.welcome.epoch, whole.welcome.welcome) == (1, 1, b"welcome")
    assert [entry.sequence for entry in whole.handshakes] == [2]
    assert code(await again.read(b"another")) == "GROUP_RETIRED"


async def test_one_who_is_not_in_the_group_reads_nothing_of_it(hall: Hall) -> None:
    await hall.group_of("anna", "ben")
    stranger = await hall.come("cleo")
    assert code(await stranger.read()) == "HANDSHAKE_REFUSED"
    # One whose wish to enter was lost learns that nobody knows of it.
    assert code(await stranger.read(b"")) == "HANDSHAKE_REFUSED"
    await stranger.enter()
    assert (await stranger.read(b"")).handshakes == groups_pb2.Handshakes()
    assert code(await stranger.send(commit(1, 0, path=True, group_id=GROUP_ID))) == "HANDSHAKE_REFUSED"


async def test_what_was_asked_of_a_lost_connection_is_asked_of_the_next(hall: Hall) -> None:
    anna = await hall.come("anna")
    await anna.enter()
    await hall.wait()
    assert anna.take() == ["found_requested"]
    # The old connection is not known to be lost yet.
    again = hall.connect()
    await again.ask(hello=capable(resume_token=anna.client.token))
    await hall.wait()
    assert again.take_names() == ["found_requested"]


async def test_a_client_that_is_stuck_leaves_its_leaf_and_comes_again(hall: Hall) -> None:
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    key_package = ben.person.key_package(**LIFETIME)
    await ben.client.ask(enter_group=groups_pb2.EnterGroup(key_package=key_package, stuck=True))
    await hall.wait()
    asked = next(message.commit_requested for message in anna.client.take() if message.HasField("commit_requested"))
    assert (list(asked.remove), [entrant.participant_id for entrant in asked.add]) == ([1], [ben.id])
    message = commit(1, 0, remove(1), b"\0\1" + key_package[4:], path=True, group_id=GROUP_ID)
    assert (await anna.send(message, b"again")).HasField("ack")
    # Its old leaf hears nothing more.
    assert (cleo.take(), ben.take()) == (["group_handshake"], ["group_welcome"])


async def test_a_group_that_everybody_vanished_from_is_over_and_who_comes_back_founds_another(hall: Hall) -> None:
    anna, ben = await hall.group_of("anna", "ben")
    for guest in (anna, ben):
        guest.client.connection.lost()
    await hall.wait(DESERTED_NS)
    again = hall.connect()
    await again.ask(hello=capable(resume_token=ben.client.token))
    ben.client = again
    assert code(await ben.read()) == "GROUP_RETIRED"
    await ben.enter()
    await hall.wait()
    assert ben.take() == ["found_requested"]


async def test_one_who_stays_alone_is_told_that_the_group_is_over(hall: Hall) -> None:
    anna, ben = await hall.group_of("anna", "ben")
    await ben.client.ask(leave=pb.Leave())
    await hall.wait()
    assert anna.take() == ["group_retired"]
    await anna.enter()
    await hall.wait()
    assert anna.take() == ["found_requested"]


async def test_who_is_away_stays_a_leaf_for_as_long_as_the_session_can_resume(hall: Hall) -> None:
    anna, ben, _ = await hall.group_of("anna", "ben", "cleo")
    ben.client.connection.lost()
    hall.now_ns += GRACE_NS
    await hall.meetings.expire()
    await hall.wait()
    assert anna.take() == []
    hall.now_ns += END_TO_END_GRACE_NS - GRACE_NS
    await hall.meetings.expire()
    await hall.wait()
    assert anna.take() == ["commit_requested"]


async def test_with_the_last_one_everything_about_the_groups_is_deleted(hall: Hall) -> None:
    anna, ben = await hall.group_of("anna", "ben")
    meeting = hall.meetings.meetings()[0]
    await anna.client.ask(leave=pb.Leave())
    await hall.delivery.attend()
    assert hall.groups.forgotten == []
    await ben.client.ask(leave=pb.Leave())
    await hall.delivery.attend()
    assert hall.groups.forgotten == [meeting.id]
    await hall.come("cleo")
    assert len(hall.meetings.meetings()) == 1


async def test_a_handshake_that_was_not_stored_never_was(hall: Hall) -> None:
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    await cleo.client.ask(leave=pb.Leave())
    await hall.wait()
    anna.take()
    hall.groups.failures.append(OSError("no space left on device"))
    removal = commit(1, 0, remove(2), path=True, group_id=GROUP_ID)
    with pytest.raises(OSError, match="no space"):
        await anna.send(removal)
    assert (anna.take(), ben.take()) == ([], [])
    assert (await anna.send(removal)).HasField("ack")
    assert (anna.take(), ben.take()) == (["group_handshake"], ["group_handshake"])


async def test_a_restart_goes_on_with_the_group_and_finds_who_left_meanwhile(hall: Hall) -> None:
    anna, _, cleo = await hall.group_of("anna", "ben", "cleo")
    again = Hall()
    again.groups.stored, again.groups.streams = hall.groups.stored, hall.groups.streams
    again.store.open = hall.meetings.meetings()
    del again.store.open[0].participants[cleo.id]
    await again.meetings.restore()
    await again.delivery.restore(again.presence.members())
    back = Guest(again.connect(), "anna")
    await back.client.ask(hello=capable(resume_token=anna.client.token))
    await again.wait()
    assert back.take() == ["commit_requested"]
    assert (await back.send(commit(1, 0, remove(2), path=True, group_id=GROUP_ID))).HasField("ack")
    assert (await back.read(after=1)).handshakes.handshakes[0].sequence == 2


async def test_media_that_is_not_protected_as_the_meeting_is_goes_nowhere(hall: Hall) -> None:
    anna = await hall.come("anna")
    for encrypted in ((), list(KINDS)[:-1]):
        answer = await anna.client.offer(encrypted=encrypted)
        assert (code(answer), "not end-to-end encrypted" in answer.error.message) == ("SDP_INVALID", True)
    assert hall.core.transports == {}
    assert (await anna.client.offer(encrypted=KINDS)).HasField("answer")
    (spec,) = hall.core.specs.values()
    assert spec.end_to_end
    assert all(source.end_to_end for source in spec.sources)
    house = House()
    ben = await house.join("ben")
    assert code(await ben.offer(encrypted=list(KINDS)[:1])) == "SDP_INVALID"
    assert (await ben.offer()).HasField("answer")
    assert not next(iter(house.core.specs.values())).end_to_end


async def test_nothing_that_is_added_by_hand_reaches_a_group(hall: Hall) -> None:
    anna, _ = await hall.group_of("anna", "ben")
    await hall.come("cleo")
    stranger = await anna.send(commit(1, 0, add("stranger"), group_id=GROUP_ID), b"w")
    assert code(stranger) == "HANDSHAKE_REFUSED"


@pytest.mark.parametrize("steps", range(8))
async def test_control_stops_whatever_happens_in_its_last_moment(steps: int) -> None:
    hall = Hall()
    (anna,) = await hall.group_of("Anna")
    # Somebody waits, so that what is attended to has a time when it is due.
    await (await hall.come("Ben")).enter()
    part = DeliveryPart(hall.delivery, hall.presence.members)
    await part.start()
    for _ in range(10):
        await asyncio.sleep(0)
    anna.client.connection.lost()
    for _ in range(steps):
        await asyncio.sleep(0)
    done, _ = await asyncio.wait([asyncio.create_task(part.stop())], timeout=5)
    assert done, "it was told to stop and goes on"
