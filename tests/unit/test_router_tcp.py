"""Endpoints over TCP in the router: their own addresses, second to UDP's, gone with their connection."""

from __future__ import annotations

import pytest

from conclave.core.config import source_number
from conclave.core.events import (
    CONSENT_ALIVE,
    CONSENT_DISCONNECTED,
    CONSENT_FAILED,
    ConsentChanged,
    DtlsReceived,
    IceConnected,
)
from conclave.core.switchboard import Simulation

from .peer import VP8, Peer, Stream, build, camera, deliver, video_slot

MS = 1_000_000
SECOND = 1000 * MS
HELLO = b"\x16\xfe\xfd" + b"hello"


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def destinations(core: Simulation) -> list[object]:
    return [address for address, _ in core.transmit()]


def over_tcp(core: Simulation, connection: int = 7) -> Peer:
    """A peer whose only address is a connection."""
    peer = Peer(core, connection=connection)
    core.events()
    core.transmit()
    return peer


def test_a_check_is_answered_on_its_connection(core: Simulation) -> None:
    peer = Peer(core, connection=0x10005)
    assert destinations(core) == [peer.address]
    assert peer.address[2:] == (0x10005,)
    assert core.events() == [IceConnected(peer.leg)]
    deliver(core, peer)


def test_the_mapped_address_is_that_of_the_socket(core: Simulation) -> None:
    peer = over_tcp(core)
    peer.check(MS)
    deliver(core, peer)
    assert peer.stun[0].attributes["XOR-MAPPED-ADDRESS"] == peer.address[:2]


def test_media_crosses_between_tcp_and_udp(core: Simulation) -> None:
    sender = Peer(core, sources=(camera(),), connection=1)
    receivers = [Peer(core, slots=(video_slot(100),), connection=connection) for connection in (2, 0)]
    core.transmit()
    stream = Stream(b"1", 0xABC)
    for receiver in receivers:
        core.set_slot(receiver.leg, 0, source_number(sender.leg, 0), 2)
    sender.send(stream.frame(3, key=True), MS)
    deliver(core, *receivers)
    assert [len(receiver.rtp) for receiver in receivers] == [3, 3]


# One client may use the same port number for both, and a port is used again after a connection was closed.
@pytest.mark.parametrize("stranger", [0, 8])
def test_an_endpoint_is_known_by_its_connection_too(core: Simulation, stranger: int) -> None:
    peer = over_tcp(core)
    host, port = peer.address[:2]
    other = (host, port, stranger) if stranger else (host, port)
    assert core.knows(peer.address)
    assert not core.knows(other)
    core.receive(MS, other, build(VP8, 1, 1, 1, b"x" * 40))
    assert core.dropped == {"unknown_sender": 1}


def test_a_closed_connection_leaves_the_transport_disconnected_at_once(core: Simulation) -> None:
    peer = over_tcp(core)
    core.advance(SECOND)
    core.transmit()
    core.forget(peer.address)
    core.advance(SECOND + 100 * MS)
    assert core.events() == [ConsentChanged(peer.leg, CONSENT_DISCONNECTED)]
    assert not core.knows(peer.address)
    core.send_dtls(peer.leg, [HELLO])
    core.advance(3 * SECOND)
    assert core.transmit() == []


def test_a_new_connection_takes_the_transport_up_again(core: Simulation) -> None:
    peer = over_tcp(core)
    core.forget(peer.address)
    core.advance(100 * MS)
    core.events()
    again = (*peer.address[:2], 8)
    core.receive(SECOND, again, peer.request(nominate=False))
    core.advance(SECOND + 100 * MS)
    # Not a second IceConnected: a DTLS client would start anew.
    assert core.events() == [ConsentChanged(peer.leg, CONSENT_ALIVE)]
    core.transmit()
    core.send_dtls(peer.leg, [HELLO])
    assert core.transmit() == [(again, [HELLO])]


def test_a_transport_whose_connection_stays_away_fails(core: Simulation) -> None:
    peer = over_tcp(core)
    core.forget(peer.address)
    core.advance(29 * SECOND)
    core.advance(31 * SECOND)
    assert [event.state for event in core.events() if isinstance(event, ConsentChanged)] == [
        CONSENT_DISCONNECTED,
        CONSENT_FAILED,
    ]


def test_a_closed_connection_that_was_not_in_use_changes_nothing(core: Simulation) -> None:
    peer = Peer(core)
    tcp = ("10.9.9.9", 5, 3)
    core.receive(MS, tcp, peer.request(nominate=False))
    core.transmit()
    core.forget(tcp)
    core.forget(("10.8.8.8", 5, 4))
    core.send_dtls(peer.leg, [HELLO])
    assert core.transmit() == [(peer.address, [HELLO])]


def selected(core: Simulation, peer: Peer) -> object:
    core.transmit()
    core.send_dtls(peer.leg, [HELLO])
    ((address, _),) = core.transmit()
    return address


def test_a_nomination_over_udp_leaves_tcp(core: Simulation) -> None:
    peer = over_tcp(core)
    udp = (peer.address[0], 40001)
    core.receive(MS, udp, peer.request(nominate=False))
    assert selected(core, peer) == peer.address
    core.receive(MS, udp, peer.request())
    assert selected(core, peer) == udp


# RFC 5245 section 8.1.1.2: of all nominated pairs the one with the highest priority counts.
def test_a_nomination_over_tcp_does_not_leave_a_udp_that_works(core: Simulation) -> None:
    peer = Peer(core)
    tcp = (*peer.address[:2], 9)
    for second in range(4):
        peer.check(second * SECOND)
        core.receive(second * SECOND + MS, tcp, peer.request())
        assert selected(core, peer) == peer.address
    core.receive(3 * SECOND + 2999 * MS, tcp, peer.request())
    assert selected(core, peer) == peer.address
    core.receive(6 * SECOND, tcp, peer.request())
    assert selected(core, peer) == tcp


def test_an_ice_restart_lets_tcp_take_over_at_once(core: Simulation) -> None:
    peer = Peer(core)
    tcp = (*peer.address[:2], 9)
    core.restart_ice(peer.leg, peer.local_ufrag.encode() + b"2", b"p" * 24, peer.ufrag.encode())
    peer.local_ufrag += "2"
    core.receive(MS, tcp, peer.request())
    assert selected(core, peer) == tcp


def test_handshakes_go_to_the_selected_address_and_nowhere_without_one(core: Simulation) -> None:
    peer = over_tcp(core)
    core.receive(MS, peer.address, HELLO)
    assert core.events() == [DtlsReceived(peer.leg, HELLO)]
    core.send_dtls(peer.leg, [HELLO, HELLO + b"2"])
    assert [datagram for _, datagrams in core.transmit() for datagram in datagrams] == [HELLO, HELLO + b"2"]
    core.delete_leg(peer.leg)
    core.send_dtls(peer.leg, [HELLO])
    assert core.transmit() == []
    with pytest.raises(ValueError, match="at most 1500"):
        core.send_dtls(peer.leg, [bytes(1501)])
