"""What hosts may do; whoever is none is refused with NotAllowed."""

from __future__ import annotations

from conclave.client.asking import Ask
from conclave.client.people import Participant, Role, WaitingPerson
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Hosting"]


class Hosting:
    """A host's means. Each returns when the appliance has done it, and raises Refused."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def admit(self, *people: WaitingPerson) -> None:
        """Lets people in who wait; when there are not seats for all of them, nobody."""
        await self._ask(pb.ClientMessage(admit=pb.AdmitWaiting(participant_ids=[person.id for person in people])))

    async def admit_all(self) -> None:
        """Lets everybody in who waits, as long as there are seats."""
        await self._ask(pb.ClientMessage(admit_all=pb.AdmitAllWaiting()))

    async def turn_away(self, *people: WaitingPerson) -> None:
        """Sends people away who wait; they may try again."""
        await self._ask(pb.ClientMessage(turn_away=pb.TurnAway(participant_ids=[person.id for person in people])))

    async def remove(self, participant: Participant) -> None:
        """Takes somebody out of the meeting for as long as it lasts."""
        await self._ask(pb.ClientMessage(remove=pb.Remove(participant_id=participant.id)))

    async def mute(self, *people: Participant) -> None:
        """Switches people's microphones off; they may switch them on again."""
        await self._ask(pb.ClientMessage(mute=pb.Mute(participant_ids=[person.id for person in people])))

    async def mute_all(self) -> None:
        """Switches the microphones of everybody but the hosts off."""
        await self._ask(pb.ClientMessage(mute_all=pb.MuteAll()))

    async def lower_hand(self, participant: Participant) -> None:
        """Lowers somebody's hand."""
        await self._ask(pb.ClientMessage(lower_hand=pb.LowerHand(participant_id=participant.id)))

    async def lock(self) -> None:
        """Lets nobody new in but hosts, and whom a host admits."""
        await self._ask(pb.ClientMessage(set_lock=pb.SetLock(locked=True)))

    async def unlock(self) -> None:
        """Lets people in again."""
        await self._ask(pb.ClientMessage(set_lock=pb.SetLock(locked=False)))

    async def set_role(self, participant: Participant, role: Role) -> None:
        """Makes somebody a host, or a host a participant; the last one stays."""
        await self._ask(pb.ClientMessage(set_role=pb.SetRole(participant_id=participant.id, role=role.value)))

    async def link(self) -> str:
        """The room's own link; empty when it has none. Secret: whoever has it may come in."""
        return (await self._ask(pb.ClientMessage(get_link=pb.GetLink()))).room_link.url

    async def end_meeting(self) -> None:
        """Ends the meeting for everybody."""
        await self._ask(pb.ClientMessage(end_meeting=pb.EndMeeting()))
