"""Who is told how to use the relay, and who is not."""

from __future__ import annotations

from dataclasses import replace

from conclave.services.domain.rooms import Admission
from conclave.services.media.relay import Relay
from conclave.services.signalling.relay import RelayDesk
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import ROOM, START, Client, House, code


def hello(**credential: str) -> pb.Hello:
    return pb.Hello(min_version=1, max_version=1, capabilities=["lobby", "probe"], **credential)  # type: ignore[arg-type]


async def entered(house: House, invite: str = "invite") -> tuple[Client, pb.ServerMessage]:
    client = house.connect()
    await client.ask(hello=hello(invite_token=invite))
    return client, await client.ask(join=pb.Join(display_name="Guest"))


async def test_who_is_in_the_meeting_has_the_relay_and_can_renew_it() -> None:
    house = House()
    client, answer = await entered(house)
    expected = Relay(b"not a secret").grant(client.id, START)
    assert answer.joined.relay.username == expected.username
    assert answer.joined.relay.credential == expected.credential
    assert answer.joined.relay.lifetime_s == 3600
    renewed = await client.ask(renew_relay=pb.RenewRelay())
    assert renewed.relay == answer.joined.relay


async def test_who_comes_back_has_the_relay_again() -> None:
    house = House()
    client, _ = await entered(house)
    again = house.connect()
    answer = await again.ask(hello=hello(resume_token=client.token))
    assert answer.welcome.resumed.HasField("relay")


async def test_who_waits_or_only_probes_has_none() -> None:
    house = House()
    house.desk.room = replace(ROOM, admission=Admission(lobby=True))
    guest, answer = await entered(house, "guest")
    assert answer.HasField("waiting")
    assert code(await guest.ask(renew_relay=pb.RenewRelay())) == "INVALID_REQUEST"
    stranger = house.connect()
    await stranger.ask(hello=hello())
    assert code(await stranger.ask(renew_relay=pb.RenewRelay())) == "INVALID_REQUEST"


async def test_an_appliance_without_a_relay_says_so() -> None:
    house = House()
    house.relay = RelayDesk(None, lambda: START)
    client, answer = await entered(house)
    assert not answer.joined.HasField("relay")
    assert code(await client.ask(renew_relay=pb.RenewRelay())) == "INVALID_REQUEST"
