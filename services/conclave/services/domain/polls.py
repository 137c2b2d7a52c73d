"""Polls: a question with answers to choose from, and what somebody chose. Clients count."""

from __future__ import annotations

from dataclasses import dataclass, field

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.texts import validate_text

__all__ = ["MAX_OPTION", "MAX_OPTIONS", "MAX_QUESTION", "MIN_OPTIONS", "Poll", "Vote", "validate_poll", "validate_vote"]

MAX_QUESTION = 300
"""Characters of a question."""
MAX_OPTION = 120
"""Characters of an answer."""
MIN_OPTIONS = 2
MAX_OPTIONS = 10


@dataclass(frozen=True, slots=True)
class Poll:
    """A question."""

    question: str = field(repr=False)
    options: tuple[str, ...] = field(repr=False)
    # Whether one may choose more than one answer.
    multiple: bool


@dataclass(frozen=True, slots=True)
class Vote:
    """What somebody chose, in the poll's own words."""

    question: str = field(repr=False)
    options: tuple[str, ...] = field(repr=False)


def validate_poll(poll: Poll) -> Poll:
    """The poll as it is kept. Raises InvalidArgument, without repeating its words."""
    return Poll(_question(poll.question), _options(poll.options, MIN_OPTIONS), poll.multiple)


def validate_vote(vote: Vote) -> Vote:
    """The vote as it is kept; whether it fits its poll is for those to say who count. Raises InvalidArgument."""
    return Vote(_question(vote.question), _options(vote.options, 1))


def _question(text: str) -> str:
    return validate_text(text, "a question", MAX_QUESTION)


def _options(options: tuple[str, ...], least: int) -> tuple[str, ...]:
    if not least <= len(options) <= MAX_OPTIONS:
        raise InvalidArgument(f"there are {least} to {MAX_OPTIONS} answers")
    kept = tuple(validate_text(option, "an answer", MAX_OPTION) for option in options)
    if len(set(kept)) < len(kept):
        raise InvalidArgument("each answer differs from the others")
    return kept
