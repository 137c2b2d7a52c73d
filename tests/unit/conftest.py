"""How the unit tests' random examples are made."""

from __future__ import annotations

from hypothesis import settings

# How long one example takes says how busy the machine is, and nothing about what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
