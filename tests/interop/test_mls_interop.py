"""Our clients' groups with members of two other MLS implementations: everybody comes to the same media keys.

That keys are the same is shown by frames: a client of ours seals one, and the peer opens it with the key that its own
implementation exports and with an SFrame implementation of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidTag
from tests.interop.peers import KEY_PACKAGE, MlsRsPeer, PassivePeer, Peer
from tests.interop.web import Deployment, Driver, Refused, WebClient

from conclave.services.mls.group import Group
from conclave.services.mls.handshake import Add, Commit, Remove, read_handshake
from conclave.v1 import identity_pb2

FRAME = b"\x78 an Opus frame"


@pytest.fixture
def driver() -> Iterator[Driver]:
    started = Driver()
    yield started
    started.close()


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


@pytest.fixture
def anna(driver: Driver, deployment: Deployment) -> WebClient:
    client = WebClient(driver, deployment, "anna")
    client.found()
    return client


@pytest.fixture
def ben(driver: Driver, deployment: Deployment) -> WebClient:
    return WebClient(driver, deployment, "ben")


def vouched_participant(credential: bytes) -> str:
    statement = identity_pb2.LeafCredential.FromString(credential).statement
    return identity_pb2.IdentityStatement.FromString(statement).participant_id


def hear(speaker: WebClient, *listeners: Peer) -> None:
    frame = speaker.seal(FRAME)
    for listener in listeners:
        assert listener.open(frame) == FRAME


def join_all(founder: WebClient, others: list[WebClient], peers: list[MlsRsPeer | PassivePeer]) -> None:
    """Adds everybody in one commit: the clients have the leaves after the founder's, then the peers."""
    message, welcome = founder.commit(add=[other.key_package() for other in [*others, *peers]])
    assert founder.process(message) == "epoch"
    for other in others:
        other.ask("join", welcome=welcome)
    for peer in peers:
        peer.join(welcome)


def test_a_group_of_three_implementations_agrees(deployment: Deployment, driver: Driver, anna: WebClient) -> None:
    rust, python = MlsRsPeer(deployment, "rust"), PassivePeer(WebClient(driver, deployment, "python"))
    join_all(anna, [], [rust, python])
    assert anna.epoch["members"] == {"0": "anna", "1": "rust", "2": "python"}
    assert rust.base_key() == python.base_key()
    hear(anna, rust, python)


def test_path_commits_of_both_sides_are_followed(
    deployment: Deployment, driver: Driver, anna: WebClient, ben: WebClient
) -> None:
    rust, python = MlsRsPeer(deployment, "rust"), PassivePeer(WebClient(driver, deployment, "python"))
    join_all(anna, [ben], [rust, python])
    keys = {rust.base_key()}
    for committer, leaf in ((anna, 0), (ben, 1), (anna, 0)):
        message, _ = committer.commit()
        assert [client.process(message) for client in (anna, ben)] == ["epoch", "epoch"]
        rust.process(message)
        python.process(message, leaf)
        keys.add(rust.base_key())
        assert rust.base_key() == python.base_key()
        hear(anna, rust, python)
    message = rust.commit()
    assert [client.process(message) for client in (anna, ben)] == ["epoch", "epoch"]
    rust.process(message)
    python.process(message, 2)
    assert anna.epoch["code"] == ben.epoch["code"]
    hear(ben, rust, python)
    assert len(keys | {rust.base_key()}) == 5


def test_the_peer_adds_our_client(deployment: Deployment, anna: WebClient, ben: WebClient) -> None:
    rust = MlsRsPeer(deployment, "rust")
    join_all(anna, [], [rust])
    message, welcome = rust.add(ben.key_package())
    assert anna.process(message) == "epoch"
    rust.process(message)
    ben.ask("join", welcome=welcome)
    assert ben.epoch["code"] == anna.epoch["code"]
    assert ben.epoch["members"] == {"0": "anna", "1": "rust", "2": "ben"}
    hear(ben, rust)


@pytest.mark.parametrize("way", ["value", "reference"])
def test_our_client_removes_the_peer(
    deployment: Deployment, driver: Driver, anna: WebClient, ben: WebClient, way: str
) -> None:
    rust, python = MlsRsPeer(deployment, "rust"), PassivePeer(WebClient(driver, deployment, "python"))
    join_all(anna, [ben], [rust, python])
    before = rust.base_key()
    if way == "reference":
        proposal = bytes.fromhex(ben.ask("propose", remove=2)["message"])
        assert [client.process(proposal) for client in (anna, ben)] == ["proposal", "proposal"]
        rust.process(proposal)
        python.process(proposal, 1, proposal=True)
    message, _ = anna.commit(remove=[2] if way == "value" else [])
    assert [client.process(message) for client in (anna, ben)] == ["epoch", "epoch"]
    python.process(message, 0)
    assert anna.epoch["members"] == {"0": "anna", "1": "ben", "3": "python"}
    hear(anna, python)
    # The removed peer knows that it is out, and what it can still export is the old epoch's.
    rust.process(message)
    assert rust.base_key() == before
    with pytest.raises(InvalidTag):
        rust.open(anna.seal(FRAME))


@pytest.mark.parametrize("way", ["value", "reference"])
def test_the_peer_removes_our_client(deployment: Deployment, anna: WebClient, ben: WebClient, way: str) -> None:
    rust = MlsRsPeer(deployment, "rust")
    join_all(anna, [ben], [rust])
    # The peer knows members by their signing identities, and learns Ben's from a commit of his.
    message, _ = ben.commit()
    assert [client.process(message) for client in (anna, ben)] == ["epoch", "epoch"]
    rust.process(message)
    assert rust.committer is not None
    if way == "value":
        message = rust.remove(rust.committer)
    else:
        proposal = rust.propose_removal(rust.committer)
        assert [client.process(proposal) for client in (anna, ben)] == ["proposal", "proposal"]
        message = rust.commit()
    assert [client.process(message) for client in (anna, ben)] == ["epoch", "removed"]
    rust.process(message)
    assert anna.epoch["members"] == {"0": "anna", "2": "rust"}
    frame = anna.seal(FRAME)
    assert rust.open(frame) == FRAME
    heard = ben.ask("open", context=0, codec="opus", frame=frame, participantId="anna")
    assert heard == {"refused": "future-epoch"}


def test_the_appliance_reads_what_our_client_does(deployment: Deployment, anna: WebClient, ben: WebClient) -> None:
    rust = MlsRsPeer(deployment, "rust")
    key_package = rust.key_package()
    message, _ = anna.commit(add=[ben.key_package(), key_package])
    added = read_handshake(message)
    assert isinstance(added, Commit)
    assert (added.group_id.hex(), added.epoch, added.sender) == (anna.epoch["groupId"], 0, 0)
    assert not added.has_path
    assert [type(proposal) for proposal in added.proposals] == [Add, Add]
    assert isinstance(added.proposals[1], Add)
    assert KEY_PACKAGE + added.proposals[1].key_package == key_package
    assert vouched_participant(added.proposals[1].credential) == "rust"
    anna.process(message)
    removed = read_handshake(anna.commit(remove=[2])[0])
    assert isinstance(removed, Commit)
    assert (removed.epoch, removed.proposals, removed.has_path) == (1, (Remove(2),), True)


def test_the_appliance_knows_the_leaves_that_the_members_have(
    deployment: Deployment, driver: Driver, anna: WebClient, ben: WebClient
) -> None:
    group = Group.found(bytes.fromhex(anna.epoch["groupId"]), "anna")
    cleo, dora = (WebClient(driver, deployment, name) for name in ("cleo", "dora"))

    def change(committer: WebClient, stays: list[WebClient], comes: list[WebClient]) -> None:
        offers = {client.name: client.key_package() for client in comes}
        for name, offer in offers.items():
            group.request(name, offer.removeprefix(KEY_PACKAGE))
        message, welcome = committer.commit(add=list(offers.values()), remove=sorted(group.leaving))
        entry = group.take(committer.name, message, has_welcome=welcome != b"")
        assert entry.joined == tuple(offers)
        for client in stays:
            assert client.process(message) == "epoch"
        for client in comes:
            client.ask("join", welcome=welcome)
        for client in [*stays, *comes]:
            assert client.epoch["members"] == {str(leaf): owner for leaf, owner in sorted(group.leaves.items())}
            assert client.epoch["epoch"] == group.epoch

    change(anna, [anna], [ben, cleo])
    group.leave("ben")
    change(cleo, [anna, cleo], [])
    change(anna, [anna, cleo], [ben, dora])
    group.leave("anna")
    change(dora, [ben, cleo, dora], [])
    change(ben, [ben, dora], [cleo])


def test_a_race_of_both_sides_has_one_winner(deployment: Deployment, anna: WebClient, ben: WebClient) -> None:
    rust = MlsRsPeer(deployment, "rust")
    join_all(anna, [ben], [rust])
    lost, _ = anna.commit()
    won = rust.commit()
    assert [client.process(won) for client in (anna, ben)] == ["epoch", "epoch"]
    rust.process(won)
    for client in (anna, ben):
        with pytest.raises(Refused, match="stale-epoch"):
            client.process(lost)
    assert anna.epoch["code"] == ben.epoch["code"]
    hear(anna, rust)


def test_a_peer_that_nobody_vouched_for_stays_outside(anna: WebClient) -> None:
    with pytest.raises(Refused, match="stranger"):
        anna.commit(add=[MlsRsPeer(Deployment(), "stranger").key_package()])


def test_a_group_that_is_not_under_the_policy_is_not_joined(deployment: Deployment, ben: WebClient) -> None:
    rust = MlsRsPeer(deployment, "rust")
    rust.found(b"a group of its own")
    _, welcome = rust.add(ben.key_package())
    with pytest.raises(Refused, match="wrong-policy"):
        ben.ask("join", welcome=welcome)
