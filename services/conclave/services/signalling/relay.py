"""What participants are told of the relay."""

from __future__ import annotations

from conclave.services.media.relay import Relay
from conclave.services.meetings.model import Participant
from conclave.services.signalling.errors import RequestInvalid
from conclave.services.state.clock import Clock
from conclave.v1 import signalling_pb2 as pb

__all__ = ["RelayDesk"]


class RelayDesk:
    """Hands out credentials. relay: None where there is none."""

    def __init__(self, relay: Relay | None, clock: Clock) -> None:
        self._relay = relay
        self._clock = clock

    def grant(self, participant: Participant) -> pb.Relay | None:
        """A participant's credentials from now on; None without a relay."""
        if self._relay is None:
            return None
        grant = self._relay.grant(participant.id, self._clock())
        return pb.Relay(
            username=grant.username, credential=grant.credential, lifetime_s=grant.lifetime_s, port=grant.port
        )

    def renew(self, participant: Participant) -> pb.Relay:
        """The same for one who has asked. Raises RequestInvalid without a relay."""
        granted = self.grant(participant)
        if granted is None:
            raise RequestInvalid("this appliance has no relay; there is nothing to renew")
        return granted
