"""Whether the core is there, told from its events. No input or output."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CoreAway", "CorePresence", "CorePresent", "PresenceChange"]

# The core sends a heartbeat every second.
SILENCE_NS = 3_000_000_000


@dataclass(frozen=True, slots=True)
class CorePresent:
    """The core is heard for the first time, again after a silence, or as a new instance.

    Events may have been missed before: what is known of its transports is to be compared with what it lists.
    """

    instance_id: str
    # Whether another instance was heard before: then every transport of before is gone.
    restarted: bool


@dataclass(frozen=True, slots=True)
class CoreAway:
    """Nothing was heard of the core for three seconds."""


PresenceChange = CorePresent | CoreAway


class CorePresence:
    """Turns heartbeats and their absence into changes."""

    def __init__(self, now_ns: int) -> None:
        self._heard_ns = now_ns
        self._instance_id = ""
        self._present = False
        self._told_away = False

    @property
    def present(self) -> bool:
        """Whether the core was heard within the last three seconds, as of the last call."""
        return self._present

    @property
    def next_timeout_ns(self) -> int | None:
        """When to poll; None while nothing can change without an event."""
        return None if self._told_away else self._heard_ns + SILENCE_NS

    def heard(self, instance_id: str, now_ns: int) -> CorePresent | None:
        """Takes any event of the core."""
        self._heard_ns = now_ns
        restarted = bool(self._instance_id) and instance_id != self._instance_id
        if self._present and not restarted:
            return None
        self._instance_id, self._present, self._told_away = instance_id, True, False
        return CorePresent(instance_id, restarted)

    def poll(self, now_ns: int) -> CoreAway | None:
        """Tells once when the silence has become too long."""
        if self._told_away or now_ns < self._heard_ns + SILENCE_NS:
            return None
        self._present, self._told_away = False, True
        return CoreAway()
