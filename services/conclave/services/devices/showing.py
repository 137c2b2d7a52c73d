"""What a device that plays is shown, which cannot choose itself. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conclave.services.meetings.model import Participant, SourceKind, source_id

__all__ = ["pictures_of", "shown_next"]


def pictures_of(participants: Iterable[Participant], speakers: Sequence[str], shown: Iterable[str]) -> list[str]:
    """The pictures that there are, the most wanted first.

    Shared screens, then who speaks, loudest first, then what is shown already, then the others as they came.
    """
    people = list(participants)
    screens = _sources(people, SourceKind.SCREEN)
    cameras = _sources(people, SourceKind.CAMERA)
    speaking = [source_id(speaker, SourceKind.CAMERA) for speaker in speakers]
    ranked = [*screens, *(source for source in [*speaking, *shown] if source in cameras), *cameras]
    return list(dict.fromkeys(ranked))


def shown_next(shown: Mapping[str, str], pictures: Sequence[str]) -> dict[str, str]:
    """What each slot shows, by mid: the most wanted pictures, each where it is already; empty for none."""
    wanted = list(pictures[: len(shown)])
    kept: dict[str, str] = {}
    for mid, source in shown.items():
        if source in wanted and source not in kept.values():
            kept[mid] = source
    fresh = (source for source in wanted if source not in kept.values())
    return {mid: kept[mid] if mid in kept else next(fresh, "") for mid in shown}


def _sources(people: Iterable[Participant], kind: SourceKind) -> list[str]:
    return [source_id(each.id, kind) for each in people if kind in each.published & each.active]
