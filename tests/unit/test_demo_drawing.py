"""What the demo's participants look like: shapes, portraits that move, slides."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from conclave.services.demo.canvas import Board, Layer
from conclave.services.demo.lettering import GLYPHS, width_of, write
from conclave.services.demo.outlines import outlines
from conclave.services.demo.people import PEOPLE
from conclave.services.demo.planes import Planes
from conclave.services.demo.portrait import EYES_AREA, MOUTH_AREA, Portrait
from conclave.services.demo.slides import SLIDE_SECONDS, Slides

BOARD = Board(40, 30, 1)


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return Portrait(PEOPLE[0])


# SVG 2 section 9.3: what the commands mean.
@pytest.mark.parametrize(
    ("path", "points"),
    [
        ("M1 2L3 4", [[(1, 2), (3, 4)]]),
        ("M1 2 3 4", [[(1, 2), (3, 4)]]),
        ("m1 2l3-4", [[(1, 2), (4, -2)]]),
        ("M1 2h5v-1H0V7", [[(1, 2), (6, 2), (6, 1), (0, 1), (0, 7)]]),
        ("M1 2l4 0l0 4z", [[(1, 2), (5, 2), (5, 6), (1, 2)]]),
        ("M1 2L3 4M5 6l1 1", [[(1, 2), (3, 4)], [(5, 6), (6, 7)]]),
        ("M0 0l2 0zl0.5.5", [[(0, 0), (2, 0), (0, 0), (0.5, 0.5)]]),
    ],
)
def test_a_path_is_read_as_svg_has_it(path: str, points: list[list[tuple[float, float]]]) -> None:
    assert [line.tolist() for line in outlines(path)] == [[list(point) for point in line] for line in points]


def test_a_curve_ends_where_told_and_a_smooth_one_mirrors_its_control() -> None:
    (plain,) = outlines("M0 0C0 4 4 8 8 8C12 8 16 4 16 0")
    (smooth,) = outlines("M0 0c0 4 4 8 8 8s8-4 8-8")
    assert plain == pytest.approx(smooth)
    assert smooth[-1].tolist() == [16, 0]


def test_a_shape_covers_its_area_and_edges_are_soft() -> None:
    box = BOARD.box(3, 4, 10.5, 6)
    assert box.coverage.sum() == pytest.approx(63, abs=0.2)
    assert box.coverage[7 - box.top, 13 - box.left] == pytest.approx(0.5)
    assert BOARD.ellipse(20, 15, 8, 6).coverage.sum() == pytest.approx(math.pi * 48, rel=0.01)
    assert BOARD.fill("M4 4h12v12h-12zM8 8h4v4h-4z").coverage.sum() == pytest.approx(144 - 16, abs=1)
    assert BOARD.stroke("M5 15H25", 4).coverage.sum() == pytest.approx(20 * 4 + math.pi * 4, rel=0.02)


def test_a_shape_beyond_the_edge_is_cut() -> None:
    layer = Layer(40, 30)
    layer.paint(BOARD.ellipse(0, 0, 10, 10), "#FF0000")
    layer.paint(BOARD.box(35, 25, 90, 90), "#00FF00", 0.5)
    assert layer.pixels[0, 0].tolist() == [1, 0, 0, 1]
    assert layer.pixels[29, 39].tolist() == [0, 0.5, 0, 0.5]


# ITU-R BT.601 section 2.5.3: black, white, and the primaries' chroma.
@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((1, 1, 1), (235, 128, 128)),
        ((0, 0, 1), (41, 240, 110)),
        ((1, 0, 0), (81, 90, 240)),
    ],
)
def test_colours_become_what_encoders_take(colour: tuple[float, ...], expected: tuple[int, ...]) -> None:
    planes = Planes.from_rgb(np.full((4, 6, 3), colour, np.float32))
    assert (planes.y[0, 0], planes.u[0, 0], planes.v[0, 0]) == expected
    assert planes.packed().shape == (6, 6)


def test_a_portrait_fills_its_picture_and_moves(portrait: Portrait) -> None:
    first, later = portrait.frame(0, 0), portrait.frame(2, 0)
    assert first.packed().shape == (540, 640)
    assert first.packed().dtype == np.uint8
    changed = np.abs(first.y.astype(int) - later.y) > 8
    assert 0.001 < changed.mean() < 0.1, "the head sways, the room stays"
    assert not changed[:, :150].any()


def test_a_mouth_opens_when_it_speaks_and_nothing_else_changes(portrait: Portrait) -> None:
    silent, loud = portrait.frame(0, 0), portrait.frame(0, 0.9)
    changed = silent.y != loud.y
    inside = changed[MOUTH_AREA.top : MOUTH_AREA.bottom, MOUTH_AREA.left : MOUTH_AREA.right]
    assert inside.sum() == changed.sum() > 50


def test_eyes_blink_now_and_then() -> None:
    # Dark eyes in a light face, without glasses.
    portrait = Portrait(PEOPLE[2])
    area = (slice(EYES_AREA.top, EYES_AREA.bottom), slice(EYES_AREA.left, EYES_AREA.right))
    dark = [int((portrait.frame(step / 12, 0).y[area] < 60).sum()) for step in range(12 * 60)]
    closed = [amount < max(dark) / 2 for amount in dark]
    assert 8 <= sum(1 for before, now in itertools.pairwise(closed) if now and not before) <= 40
    assert sum(closed) < len(closed) / 8


def test_people_are_the_same_each_time_and_unlike_each_other(portrait: Portrait) -> None:
    again, other = Portrait(PEOPLE[0]), Portrait(PEOPLE[1])
    for moment in (0.0, 3.3, 17.0):
        assert (portrait.frame(moment, 0.5).packed() == again.frame(moment, 0.5).packed()).all()
        assert (portrait.frame(moment, 0.5).packed() != other.frame(moment, 0.5).packed()).mean() > 0.5


def test_everybody_can_be_told_apart() -> None:
    assert len(PEOPLE) == 12
    assert len({person.name for person in PEOPLE}) == len({person.wall for person in PEOPLE}) == len(PEOPLE)
    assert all(1 <= len(person.name) <= 64 for person in PEOPLE)
    assert sum(not person.quiet for person in PEOPLE[:3]) == 3


def test_letters_are_written_where_told() -> None:
    board, layer = Board(200, 60, 1), Layer(200, 60)
    write(layer, board, "Cash, 15", 10, 40, 30, "#000000")
    columns, rows = layer.pixels[..., 3].any(0).nonzero()[0], layer.pixels[..., 3].any(1).nonzero()[0]
    assert 10 <= columns[0] <= 14
    assert 4 <= 10 + width_of("Cash, 15", 30) - columns[-1] + 4 < 12
    assert 16 <= rows[0] <= 22
    assert rows[-1] <= 46
    assert all(advance > 0 for advance, _ in GLYPHS.values())


def test_slides_follow_each_other() -> None:
    slides = Slides()
    shown = [slides.frame(index * SLIDE_SECONDS).packed() for index in range(4)]
    assert shown[0].shape == (1080, 1280)
    assert (shown[0] != shown[1]).any()
    assert (shown[0] == shown[3]).all()
