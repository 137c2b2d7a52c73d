"""Credentials for the relay, a TURN server (RFC 8656) that shares a secret with control and knows no people.

A user name says until when it holds; its password proves that control has made it (draft-uberti-behave-turn-rest-00).
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

__all__ = ["LIFETIME", "Relay", "RelayGrant"]

LIFETIME = timedelta(hours=1)
# Bytes of the hash that stands for a participant.
_NAME_SIZE = 12


@dataclass(frozen=True, slots=True)
class RelayGrant:
    """What lets one participant allocate addresses on the relay.

    lifetime_s: seconds in which it can; what is allocated by then stays as long as it is refreshed. port: of TURN
    over UDP and TCP, 0 when the relay is reached over the gateway's HTTPS port only.
    """

    username: str
    credential: str = field(repr=False)
    lifetime_s: int
    port: int


class Relay:
    """Makes credentials. secret: the relay's too; port: see RelayGrant."""

    def __init__(self, secret: bytes, port: int = 0) -> None:
        self._secret = secret
        self._port = port

    def grant(self, participant_id: str, now: datetime) -> RelayGrant:
        """Credentials from now on.

        The relay counts allocations by what follows the colon, so that it is the same in all grants of a participant.
        It names nobody: the relay may write it down.
        """
        name = hmac.digest(self._secret, participant_id.encode(), "sha256")[:_NAME_SIZE].hex()
        username = f"{int((now + LIFETIME).timestamp())}:{name}"
        # HMAC-SHA1, because that is what TURN servers compute; its key is random and nobody chooses its collisions.
        credential = base64.b64encode(hmac.digest(self._secret, username.encode(), "sha1")).decode()
        return RelayGrant(username, credential, int(LIFETIME.total_seconds()), self._port)
