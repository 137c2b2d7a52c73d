"""Four people in Chromium in an end-to-end room."""

from __future__ import annotations

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conftest import Browsers, People
from tests.browser.test_end_to_end import all_receive_all, are_in_one_group

NAMES = ("Amara Okafor", "Jonas Lindqvist", "Mei-Lin Chen", "Tomás Herrera")


@pytest.mark.full
@pytest.mark.timeout(300)
def test_four_in_chromium_see_and_hear_each_other(
    browsers: Browsers, people: People, appliance: RunningAppliance
) -> None:
    appliance.make_room("four", protection="end-to-end")
    invite = appliance.invite("four", "--role", "host")
    for name in NAMES:
        people.add(browsers.get("chromium"), name, invite)
    are_in_one_group(people.present)
    all_receive_all(people.present)
    # Twice: what grows once might have been a burst.
    all_receive_all(people.present)
