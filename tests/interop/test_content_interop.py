"""What our clients share, opened by members of other implementations by the format alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from tests.interop.objects import Opened, open_object
from tests.interop.peers import MlsRsPeer, PassivePeer
from tests.interop.web import Deployment, Driver, WebClient

from conclave.services.mls.keypackage import read_key_package
from conclave.v1 import content_pb2, data_class_pb2

ID = "abcdefghijklmnop"


@pytest.fixture
def driver() -> Iterator[Driver]:
    started = Driver()
    yield started
    started.close()


class House:
    """A client of ours, Anna, in a group with members by two other implementations."""

    def __init__(self, driver: Driver) -> None:
        deployment = Deployment()
        self.anna = WebClient(driver, deployment, "anna")
        self.leaf_key = read_key_package(self.anna.key_package()).signature_key
        self.anna.ask("found")
        self.rust = MlsRsPeer(deployment, "rust")
        self.python = PassivePeer(WebClient(driver, deployment, "python"))
        message, welcome = self.anna.commit(add=[self.rust.key_package(), self.python.key_package()])
        self.anna.process(message)
        self.rust.join(welcome)
        self.python.join(welcome)


@pytest.fixture
def house(driver: Driver) -> House:
    return House(driver)


def line(opened: Opened) -> str:
    said = opened.object
    assert (said.kind, said.data_class) == (content_pb2.CONTENT_KIND_CHAT, data_class_pb2.DATA_CLASS_MESSAGES)
    assert (said.id, said.revision) == (ID, 1)
    return said.chat.text


def test_a_line_is_opened_by_every_implementation(house: House) -> None:
    assert house.rust.data_key() == house.python.data_key() != house.rust.base_key()
    for counter in range(2):
        sealed = house.anna.say("the figures are in", ID)
        assert b"figures" not in sealed
        opened = open_object(sealed, house.rust.data_key(), house.leaf_key)
        assert line(opened) == "the figures are in"
        assert opened.group_id.hex() == house.anna.epoch["groupId"]
        assert (opened.epoch, opened.leaf, opened.counter, opened.recipient) == (1, 0, counter, "")


def test_a_private_line_is_opened_with_the_key_in_the_readers_credential(house: House) -> None:
    sealed = house.anna.say("between us", ID, recipient="rust")
    opened = open_object(sealed, house.rust.data_key(), house.leaf_key, house.rust.content_key)
    assert (line(opened), opened.recipient) == ("between us", "rust")


def test_an_object_of_another_epoch_or_by_another_leaf_is_not_opened(house: House) -> None:
    before = house.anna.say("before", ID)
    message, _ = house.anna.commit()
    house.anna.process(message)
    house.rust.process(message)
    with pytest.raises(InvalidTag):
        open_object(before, house.rust.data_key(), house.leaf_key)
    with pytest.raises(InvalidSignature):
        open_object(house.anna.say("after", ID), house.rust.data_key(), bytes(32))
