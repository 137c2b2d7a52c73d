"""Networks that pass nothing but the port of the pages: media goes through the relay, over TLS on that port."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.browser.appliance import MEDIA_PORT, PORT, RunningAppliance
from tests.browser.browsers import Browser, Trust
from tests.browser.conftest import Browsers, People
from tests.browser.network import IPV4, Network

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

OUTSIDE, CLOSED_IN = "Amara Okafor", "Jonas Lindqvist"


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("closed-in")
    return appliance.invite("closed-in", "--role", "host")


def trust_in(appliance: RunningAppliance) -> Trust:
    certificate = x509.load_pem_x509_certificate((appliance.state / "gateway" / "server.pem").read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    spki = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return Trust(appliance.state / "ca" / "ca.pem", spki, socket.gethostname(), IPV4.server)


def invite_by_name(invite: str, browser: Browser) -> str:
    """The same invite for a Firefox, which takes no relay over TLS at an address."""
    return invite.replace(IPV4.server, socket.gethostname()) if browser.engine == "firefox" else invite


@pytest.fixture(params=["chromium", "firefox"])
def closed_in(request: pytest.FixtureRequest, browsers: Browsers, appliance: RunningAppliance) -> Iterator[Browser]:
    browser = browsers.get(request.param, "-closed-in", trust_in(appliance))
    browser.namespace.pass_only(PORT)
    yield browser
    browser.namespace.pass_all()


def media_past_the_relay(network: Network, browser: Browser) -> list[str]:
    """Connections of a browser to the core itself."""
    address = browser.namespace.address()
    listing = network.server.run("ss", "-Htn", "state", "established", "sport", "=", f":{MEDIA_PORT}", "dst", address)
    return listing.splitlines()


def test_a_meeting_works_through_the_port_of_the_pages_alone(
    closed_in: Browser, browsers: Browsers, people: People, invite: str, network: Network
) -> None:
    outside = people.add(browsers.get("chromium"), OUTSIDE, invite)
    inside = people.add(closed_in, CLOSED_IN, invite_by_name(invite, closed_in))
    sources = {who.name: [f"{who.name}/camera", f"{who.name}/microphone"] for who in (outside, inside)}
    # Twice: what grows once might have been a burst.
    for seconds in (60, 30):
        inside.receives(sources[OUTSIDE], seconds, growth=20)
        outside.receives(sources[CLOSED_IN], seconds, growth=20)
    assert media_past_the_relay(network, closed_in) == []
    for each in (inside, outside):
        people.remove(each)


def test_a_relay_that_is_started_again_is_used_again(
    browsers: Browsers, people: People, invite: str, appliance: RunningAppliance, request: pytest.FixtureRequest
) -> None:
    browser = browsers.get("chromium", "-closed-in", trust_in(appliance))
    request.addfinalizer(browser.namespace.pass_all)
    browser.namespace.pass_only(PORT)
    outside = people.add(browsers.get("chromium"), OUTSIDE, invite)
    inside = people.add(browser, CLOSED_IN, invite)
    inside.receives([f"{OUTSIDE}/camera"], 60)
    before = appliance.process_ids()["conclave-relay"]
    appliance.kill(before)
    inside.receives([f"{OUTSIDE}/camera", f"{OUTSIDE}/microphone"], 60, growth=40)
    outside.receives([f"{CLOSED_IN}/camera", f"{CLOSED_IN}/microphone"], 60, growth=40)
    assert appliance.process_ids()["conclave-relay"] != before
    for each in (inside, outside):
        people.remove(each)
