"""Probes: transports of nobody, which live some seconds, so that a client can try the network without a meeting.

What a client sends comes back to it through the one slot of its probe. A probe is alone in its room of the core, has no
participant and is in no meeting; nothing of it is kept.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from conclave.services.journal.lines import fields
from conclave.services.media.errors import CoreUnavailable
from conclave.services.media.model import SlotWish
from conclave.services.sdp.offer import parse_offer
from conclave.services.signalling.errors import RequestInvalid, TooManyProbes
from conclave.services.signalling.media import MediaCore
from conclave.services.signalling.negotiation import plan_probe, write_transport_answer

__all__ = ["INVITED_AT_ONCE", "LIFE_NS", "PROBES_OF_CONNECTION", "STRANGERS_AT_ONCE", "Prober", "Probes"]

LIFE_NS = 20_000_000_000
# Of the whole appliance. Strangers cannot take the places of those who have an invite.
STRANGERS_AT_ONCE = 2
INVITED_AT_ONCE = 6
# A page needs two: over UDP, and over TCP.
PROBES_OF_CONNECTION = 4
RETRY_NS = 5_000_000_000
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Probe:
    transport_id: str
    invited: bool
    ends_ns: int


class Probes:
    """The probes of the appliance."""

    def __init__(self, core: MediaCore, monotonic_ns: Callable[[], int]) -> None:
        self._core = core
        self._monotonic_ns = monotonic_ns
        # A probe keeps its place until the core has no transport of it any more.
        self._standing: dict[str, _Probe] = {}

    def transport_ids(self) -> frozenset[str]:
        """The transports of all probes that stand, are being made, or are being ended."""
        return frozenset(self._standing)

    async def begin(self, sdp: str, transport_id: str, invited: bool) -> str:
        """Makes a probe under a new id; returns the SDP answer.

        Raises SdpInvalid, TooManyProbes, CoreUnavailable, CoreExhausted.
        """
        offer = parse_offer(sdp)
        spec = plan_probe(offer, transport_id)
        limit = INVITED_AT_ONCE if invited else STRANGERS_AT_ONCE
        if sum(probe.invited is invited for probe in self._standing.values()) >= limit:
            raise TooManyProbes("the appliance is trying the network of others now; try again in some seconds")
        self._standing[transport_id] = _Probe(transport_id, invited, self._monotonic_ns() + LIFE_NS)
        try:
            transport = await self._core.create_transport(spec)
            (source,), (slot,) = spec.sources, spec.slots
            await self._core.set_slots(transport_id, [SlotWish(slot.mid, source.source_id, 0)])
            info = await self._core.info()
        except BaseException:
            # It may stand all the same: an answer that comes too late was none.
            self.abandon(transport_id)
            raise
        return write_transport_answer(offer, transport, info, secrets.randbits(62))

    def abandon(self, transport_id: str) -> None:
        """Ends a probe soon, when `expire` is called next."""
        probe = self._standing.get(transport_id)
        if probe is not None:
            probe.ends_ns = self._monotonic_ns()

    async def end(self, transport_id: str) -> None:
        """Ends a probe now, if it stands. Raises CoreUnavailable, and then ends it soon."""
        if transport_id not in self._standing:
            return
        self.abandon(transport_id)
        await self._core.delete_transport(transport_id)
        self._standing.pop(transport_id, None)

    async def expire(self) -> None:
        """Ends the probes whose time is over. To be called several times a second."""
        now_ns = self._monotonic_ns()
        for probe in [probe for probe in self._standing.values() if now_ns >= probe.ends_ns]:
            try:
                await self._core.delete_transport(probe.transport_id)
            except CoreUnavailable as error:
                probe.ends_ns = now_ns + RETRY_NS
                _log.warning("a probe could not be ended yet", extra=fields(reason=type(error).__name__))
            else:
                self._standing.pop(probe.transport_id, None)


class Prober:
    """One connection's probes: one at a time, and few."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._current = ""
        self._begun = 0
        self._closed = False

    async def begin(self, sdp: str, invited: bool) -> str:
        """Makes a probe in place of the one before; returns the SDP answer. Raises what `Probes.begin` does."""
        if self._begun >= PROBES_OF_CONNECTION:
            raise RequestInvalid(f"a connection has at most {PROBES_OF_CONNECTION} probes; connect again")
        await self.end()
        transport_id = f"probe-{secrets.token_hex(12)}"
        answer = await self._probes.begin(sdp, transport_id, invited)
        self._begun += 1
        self._current = transport_id
        if self._closed:
            self.abandon()
        return answer

    async def end(self) -> None:
        """Ends the probe, if one stands."""
        current, self._current = self._current, ""
        await self._probes.end(current)

    def abandon(self) -> None:
        """Ends the probe soon: the connection goes on to something else."""
        self._probes.abandon(self._current)

    def close(self) -> None:
        """The connection is gone, and with it what it has or is making."""
        self._closed = True
        self.abandon()
