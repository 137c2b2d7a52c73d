"""Credentials of the relay."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from conclave.services.media.relay import LIFETIME, Relay

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = b"not a secret"
# Who asks, and how many minutes later.
NAMED = (("alice", 0), ("alice", 30), ("bob", 0))


def test_a_grant_is_what_turn_servers_expect() -> None:
    grant = Relay(SECRET, 3478).grant("participant", NOW)
    expires, name = grant.username.split(":")
    assert int(expires) == NOW.timestamp() + 3600
    assert len(name) == 24
    # draft-uberti-behave-turn-rest-00 section 2.2: base64(HMAC-SHA1(secret, username)).
    expected = hmac.new(SECRET, grant.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(grant.credential) == expected
    assert (grant.lifetime_s, grant.port) == (LIFETIME.total_seconds(), 3478)


def test_a_participant_keeps_its_name_and_nobody_else_has_it() -> None:
    relay = Relay(SECRET)
    names = [relay.grant(who, NOW + timedelta(minutes=later)).username.split(":")[1] for who, later in NAMED]
    assert names[0] == names[1]
    assert len(set(names)) == 2
    assert all("alice" not in name for name in names)
    other = Relay(b"another").grant("alice", NOW)
    assert other.username.split(":")[1] != names[0]


def test_a_grant_does_not_print_its_credential() -> None:
    grant = Relay(SECRET).grant("alice", NOW)
    assert grant.credential not in repr(grant)
