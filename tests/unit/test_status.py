"""Every status has one name and one exception."""

from __future__ import annotations

import pytest

from conclave.core.errors import AuthenticationFailed, CoreError, PacketRefused, raise_status
from conclave.core.status import Status, status_names


def test_names_follow_the_enum() -> None:
    statuses = [status for status in Status if status is not Status.STATUS_COUNT]
    assert status_names() == [status.name.lower() for status in statuses]
    assert len(statuses) == Status.STATUS_COUNT


def test_ok_raises_nothing() -> None:
    raise_status(Status.OK)


@pytest.mark.parametrize("status", [status for status in Status if status not in (Status.OK, Status.STATUS_COUNT)])
def test_every_other_status_raises_its_own_error(status: Status) -> None:
    with pytest.raises(CoreError, match=status.name) as caught:
        raise_status(status)
    assert type(caught.value) is not CoreError
    assert caught.value.status is status


def test_callers_tell_forgery_from_damage() -> None:
    with pytest.raises(AuthenticationFailed):
        raise_status(Status.AUTHENTICATION_FAILED)
    with pytest.raises(PacketRefused):
        raise_status(Status.TRUNCATED)


@pytest.mark.parametrize("number", [-1, 16, 17])
def test_numbers_that_are_no_status_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no status of the core"):
        raise_status(number)
