"""Draws the plots with matplotlib, which only the benches have."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from bench.figures import shown
from bench.plots import PLOTS, Plot
from bench.results import Results
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["svgs", "write_pngs"]

mpl.rcParams.update({"font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "conclave", "font.family": "DejaVu Sans"})
COLOURS = ("#3566d6", "#d97706", "#0f9d76", "#b0448f", "#6b7280", "#c0392b")
INK = "#1f2430"
MARKERS = "osD^vX"


def write_pngs(results: Results, directory: Path) -> None:
    """Writes NAME.png of every plot that this run has figures for: on white, with machine and date below."""
    for plot, drawn in _measured(results):
        figure = _draw(plot, drawn)
        figure.supxlabel(results.caption(), fontsize=7, color=INK)
        figure.savefig(directory / f"{plot.name}.png", dpi=120, facecolor="white", metadata={"Software": None})


def svgs(results: Results) -> dict[str, str]:
    """The same by name, for a page: without a background, in the page's own ink."""
    return {plot.name: _svg(_draw(plot, drawn)) for plot, drawn in _measured(results)}


Points = Mapping[str, Mapping[str, float]]


def _measured(results: Results) -> list[tuple[Plot, Points]]:
    drawn = [(plot, plot.points(results.scenarios.get(plot.scenario, []))) for plot in PLOTS]
    return [(plot, points) for plot, points in drawn if points]


def _svg(figure: Figure) -> str:
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")


def _draw(plot: Plot, drawn: Points) -> Figure:
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    if plot.lines:
        _draw_lines(axes, drawn)
    else:
        _draw_bars(axes, drawn)
    axes.set_title(plot.title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(plot.x.replace("_", " "), color=INK)
    axes.set_ylabel(plot.y, color=INK)
    if plot.logarithmic:
        axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: shown(value))
    axes.tick_params(colors=INK)
    axes.grid(axis="y", color=INK, alpha=0.15)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    axes.legend(frameon=False, labelcolor=INK, fontsize=9)
    return figure


def _draw_bars(axes: Axes, drawn: Points) -> None:
    places = list(dict.fromkeys(place for points in drawn.values() for place in points))
    width = 0.84 / max(len(drawn), 1)
    for number, (label, points) in enumerate(drawn.items()):
        at = [places.index(place) + (number - (len(drawn) - 1) / 2) * width for place in points]
        bars = axes.bar(at, list(points.values()), width * 0.94, label=label, color=COLOURS[number % len(COLOURS)])
        axes.bar_label(bars, fmt=shown, fontsize=7, color=INK, padding=1)
    axes.set_xticks(range(len(places)), places)
    axes.margins(y=0.15)


def _draw_lines(axes: Axes, drawn: Points) -> None:
    for number, (label, points) in enumerate(drawn.items()):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        marked = marker if len(points) < 30 else ""
        axes.plot([float(place) for place in points], list(points.values()), color=colour, marker=marked, label=label)
    axes.set_ylim(bottom=0)
