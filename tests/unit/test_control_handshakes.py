"""Handshakes that control runs for its transports, with real DTLS clients and engines that only record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conclave.core import control as control_module
from conclave.core.dtls import HANDSHAKE_TIME_NS, DtlsEndpoint, DtlsIdentity, DtlsState, read_fingerprint
from conclave.core.events import (
    ConsentChanged,
    DtlsReceived,
    IceConnected,
)
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    pass

from .control_engine import CLIENT, CORE, Core, creation


def connect(core: Core, client: DtlsEndpoint) -> list[pb.Event]:
    """Runs the handshake of leg 1 with a client, in either role; returns the events published."""
    published: list[pb.Event] = []
    carried = 0
    client.start(0)
    while True:
        outgoing = client.poll_transmit()
        published += core.tell(*(DtlsReceived(1, datagram) for datagram in outgoing))
        sent = core.engines[0].called("send_dtls")
        if not outgoing and carried == len(sent):
            return published
        for _, datagrams in sent[carried:]:
            assert isinstance(datagrams, list)
            for datagram in datagrams:
                client.receive(datagram, 0)
        carried = len(sent)


def dtls_endpoint(
    *, client: bool = True, expects: DtlsIdentity = CORE, identity: DtlsIdentity = CLIENT
) -> DtlsEndpoint:
    fingerprint = read_fingerprint(expects.fingerprint)
    return DtlsEndpoint(identity, client=client, remote_fingerprint=fingerprint, now_ns=0)


def states(events: list[pb.Event]) -> list[int]:
    return [event.transport_state_changed.state for event in events if event.HasField("transport_state_changed")]


@pytest.mark.parametrize("dtls_client", [False, True])
def test_a_handshake_puts_keys_in_place_and_says_connected(dtls_client: bool) -> None:
    core = Core()
    core.create(creation(dtls_client=dtls_client))
    client = dtls_endpoint(client=not dtls_client)
    before = core.tell(IceConnected(1))
    events = connect(core, client)
    keys = client.keys()
    assert keys is not None
    call = (1, keys.profile, keys.receive_key, keys.receive_salt, keys.send_key, keys.send_salt)
    assert core.engines[0].called("set_keys") == [call]
    assert states(before + events) == [pb.TRANSPORT_STATE_CONNECTED]
    names = [entry[0] for entry in core.engines[0].calls]
    # The server's last flight frees the client to send media: the keys must be there before it leaves.
    assert dtls_client or names.index("set_keys") < len(names) - 1


def test_as_dtls_client_the_core_waits_for_ice() -> None:
    core = Core()
    core.create(creation(dtls_client=True))
    assert core.engines[0].called("send_dtls") == []
    core.tell(IceConnected(1))
    assert len(core.engines[0].called("send_dtls")) == 1
    core.tell(IceConnected(1))
    assert len(core.engines[0].called("send_dtls")) == 1


def test_a_wrong_certificate_cuts_the_transport() -> None:
    core = Core()
    core.create(creation())
    events = connect(core, dtls_endpoint(identity=DtlsIdentity()))
    assert states(events) == [pb.TRANSPORT_STATE_FAILED]
    assert core.engines[0].called("set_keys") == []
    assert core.engines[0].called("delete_leg") == [(1,)]
    assert core.ask(list_transports=pb.ListTransports()).transports.transports[0].state == pb.TRANSPORT_STATE_FAILED
    statistics = core.ask(get_statistics=pb.GetStatistics(transport_id="t1")).statistics
    assert statistics.transports[0].transport_id == "t1"
    restart = core.ask(restart_ice=pb.RestartIce(transport_id="t1", remote_ice_ufrag="wxyz"))
    assert restart.failure.code == pb.Failure.CODE_INVALID
    assert core.ask(delete_transport=pb.DeleteTransport(transport_id="t1")).HasField("done")
    assert core.engines[0].called("delete_leg") == [(1,)]
    core.create(creation())


def test_a_peer_that_closes_ends_its_transport() -> None:
    core = Core()
    core.create(creation())
    client = dtls_endpoint()
    connect(core, client)
    client.close()
    events = core.tell(*(DtlsReceived(1, datagram) for datagram in client.poll_transmit()))
    assert states(events) == [pb.TRANSPORT_STATE_FAILED]
    assert core.engines[0].legs == {}


def test_a_deleted_transport_tells_its_peer() -> None:
    core = Core()
    core.create(creation())
    client = dtls_endpoint()
    connect(core, client)
    core.ask(delete_transport=pb.DeleteTransport(transport_id="t1"))
    _, datagrams = core.engines[0].called("send_dtls")[-1]
    assert isinstance(datagrams, list)
    for datagram in datagrams:
        client.receive(datagram, 0)
    assert client.state is DtlsState.CLOSED


def test_consent_comes_and_goes() -> None:
    core = Core()
    core.create(creation())
    connect(core, dtls_endpoint())
    events = core.tell(ConsentChanged(1, 1), ConsentChanged(1, 0), ConsentChanged(1, 1), ConsentChanged(1, 2))
    assert states(events) == [
        pb.TRANSPORT_STATE_DISCONNECTED,
        pb.TRANSPORT_STATE_CONNECTED,
        pb.TRANSPORT_STATE_DISCONNECTED,
        pb.TRANSPORT_STATE_FAILED,
    ]


def test_a_handshake_that_stalls_is_given_up() -> None:
    core = Core()
    core.create(creation())
    client = dtls_endpoint()
    client.start(0)
    core.tell(DtlsReceived(1, client.poll_transmit()[0]))
    core.control.handle_timeout(HANDSHAKE_TIME_NS)
    assert states(core.control.poll_events()) == [pb.TRANSPORT_STATE_FAILED]
    assert core.engines[0].legs == {}


def test_handshakes_under_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_module, "HANDSHAKES_MAX", 2)
    core = Core()
    for number in range(3):
        core.create(creation(f"t{number}"))
    hello = dtls_endpoint()
    hello.start(0)
    (first, *_) = hello.poll_transmit()
    core.tell(*(DtlsReceived(leg, first) for leg in (1, 2, 3)))
    assert {call[0] for call in core.engines[0].called("send_dtls")} == {1, 2}
    core.ask(delete_transport=pb.DeleteTransport(transport_id="t0"))
    core.tell(DtlsReceived(3, first))  # repeated, as DTLS clients do
    assert {call[0] for call in core.engines[0].called("send_dtls")} == {1, 2, 3}
