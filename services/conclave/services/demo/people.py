"""Who takes part: names, faces, clothes, rooms and voices."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PEOPLE", "Person", "Skin"]


@dataclass(frozen=True, slots=True)
class Skin:
    """Colours of a face, from the lit to the shaded side."""

    light: str
    dark: str


DEEP, BROWN = Skin("#5F3D2A", "#4A2E1F"), Skin("#B9805A", "#9A6644")
TAN, FAIR = Skin("#E6B792", "#CB9670"), Skin("#F3D3BC", "#DDB096")


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic participant.

    hair: a name in figures.HAIR. backdrop: a name in backdrops.BACKDROPS, wall: its two colours. pitch_hz: of the
    voice. quiet: joins with the microphone off.
    """

    name: str
    skin: Skin
    hair: str
    hair_colour: str
    brows: str
    clothes: str
    collar: str
    backdrop: str
    wall: tuple[str, str]
    pitch_hz: float
    beard: bool = False
    glasses: bool = False
    quiet: bool = False

    @property
    def seed(self) -> int:
        """What all that is by chance about the person follows from."""
        return PEOPLE.index(self) + 1


_BLUE, _GREY, _GREEN = ("#566579", "#3A4656"), ("#7A828D", "#59606A"), ("#71827A", "#4C5A52")
_SAND, _MAUVE, _STEEL = ("#8D7B6A", "#6A5A4C"), ("#7F788F", "#5B5468"), ("#667585", "#46525F")
_LINEN, _TEAL, _MOSS = ("#A0958A", "#7A6E63"), ("#5B6D6C", "#3C4A4A"), ("#868C82", "#5A5F57")
_MIST, _CLAY, _INK = ("#84929B", "#57636B"), ("#92817B", "#665650"), ("#5F6880", "#424A60")

PEOPLE = (
    Person("Amara Okafor", DEEP, "afro", "#1A1414", "#1A1414", "#3E5C76", "#DCE5EE", "windows", _BLUE, 205),
    Person(
        "Jonas Lindqvist",
        FAIR,
        "short",
        "#B08A55",
        "#B08A55",
        "#2B3240",
        "#E9EDF2",
        "shelves",
        _GREY,
        112,
        glasses=True,
    ),
    Person("Mei-Lin Chen", TAN, "bob", "#17151A", "#17151A", "#6B4A5E", "#6B4A5E", "plant", _GREEN, 220),
    Person(
        "Rafael Duarte", BROWN, "short", "#201815", "#201815", "#4A5A46", "#E8E8E2", "picture", _SAND, 104, beard=True
    ),
    Person("Priya Raman", BROWN, "long", "#15100F", "#15100F", "#1F6F6B", "#1F6F6B", "lamp", _MAUVE, 212, quiet=True),
    Person(
        "Thomas Berger",
        FAIR,
        "bald",
        "#8D8A86",
        "#4B3A30",
        "#39404E",
        "#C9D6E6",
        "shelves",
        _STEEL,
        98,
        glasses=True,
        quiet=True,
    ),
    Person(
        "Leila Haddad", TAN, "scarf", "#35507A", "#4B3A30", "#27364F", "#27364F", "windows", _LINEN, 198, quiet=True
    ),
    Person(
        "Søren Kjær",
        FAIR,
        "tousled",
        "#8B6A42",
        "#8B6A42",
        "#6C3B32",
        "#F0E7E3",
        "plant",
        _TEAL,
        118,
        beard=True,
        quiet=True,
    ),
    Person(
        "Alexandra Papadopoulou-Fairweather",
        TAN,
        "long",
        "#3B2A20",
        "#3B2A20",
        "#7A5533",
        "#7A5533",
        "picture",
        _MOSS,
        190,
        quiet=True,
    ),
    Person("Hannah Weiss", FAIR, "bun", "#6B3E26", "#6B3E26", "#8A8F99", "#F4F4F4", "lamp", _MIST, 208, quiet=True),
    Person(
        "Kenji Watanabe",
        TAN,
        "tousled",
        "#1C1A1E",
        "#1C1A1E",
        "#46566B",
        "#E6EAF0",
        "windows",
        _CLAY,
        122,
        glasses=True,
        quiet=True,
    ),
    Person("Grace Mwangi", DEEP, "bun", "#1B1513", "#1B1513", "#8A5A44", "#EFE3D8", "plant", _INK, 196, quiet=True),
)
