"""The MLS working group's passive clients, followed by the Python package that our groups are tried against.

The web client's library follows them in services/web/test/crypto/mls.vectors.test.ts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc9420
from rfc9420.messages.data_structures import Welcome
from rfc9420.messages.key_packages import KeyPackage
from rfc9420.messages.messages import MLSPlaintext
from tests.interop.peers import KEY_PACKAGE, PUBLIC_MESSAGE, WELCOME

VECTORS = Path(__file__).parents[1] / "vectors" / "mlswg_mls-implementations"
FILES = {"passive-client-welcome": 24, "passive-client-handling-commit": 39, "passive-client-random-first20epochs": 1}
# The package takes no tree beside the Welcome.
CLIENTS = [
    pytest.param(client, id=f"{name}-{index}")
    for name in FILES
    for index, client in enumerate(json.loads((VECTORS / f"{name}.json").read_text()))
    if client["ratchet_tree"] is None
]


@pytest.mark.parametrize(("name", "count"), FILES.items())
def test_all_vectors_are_there(name: str, count: int) -> None:
    assert len(json.loads((VECTORS / f"{name}.json").read_text())) == count


@pytest.mark.parametrize("client", CLIENTS)
def test_the_peer_follows_a_passive_client(client: dict[str, Any]) -> None:
    psks = {bytes.fromhex(psk["psk_id"]): bytes.fromhex(psk["psk"]) for psk in client["external_psks"]}
    group = rfc9420.ProtocolMLSGroup.from_welcome(
        Welcome.deserialize(bytes.fromhex(client["welcome"]).removeprefix(WELCOME)),
        bytes.fromhex(client["init_priv"]),
        rfc9420.DefaultCryptoProvider(client["cipher_suite"]),
        key_package=KeyPackage.deserialize(bytes.fromhex(client["key_package"]).removeprefix(KEY_PACKAGE)),
        encryption_private_key=bytes.fromhex(client["encryption_priv"]),
        welcome_psk_resolver=lambda identity: psks[identity.psk_id],
    )
    group.set_external_psk_provider(lambda identity: psks[identity.psk_id])
    assert group.get_epoch_authenticator().hex() == client["initial_epoch_authenticator"]
    for epoch in client["epochs"]:
        for proposal in epoch["proposals"]:
            message = public_message(proposal)
            group.process_proposal(message, rfc9420.Sender(sender_of(message)))
        commit = public_message(epoch["commit"])
        group.process_commit(commit, sender_of(commit))
        assert group.get_epoch_authenticator().hex() == epoch["epoch_authenticator"]


def public_message(encoded: str) -> MLSPlaintext:
    return MLSPlaintext.deserialize(bytes.fromhex(encoded).removeprefix(PUBLIC_MESSAGE))


def sender_of(message: MLSPlaintext) -> int:
    return int(message.auth_content.tbs.framed_content.sender.sender)
