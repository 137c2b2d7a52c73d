"""A run as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from bench.figures import shown
from bench.goals import Verdict, judge
from bench.plots import PLOTS
from bench.results import Results
from bench.scenarios import SCENARIOS, Row

__all__ = ["page"]

STYLE = """
:root { color-scheme: light dark; --ink: #1f2430; --page: #fff; --line: #d5d9e2; --soft: #f3f5f9;
  --met: #0a7a4b; --missed: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9f0; --page: #14171f; --line: #353b49; --soft: #1d222c; --met: #5fd39d; --missed: #ff8a80; }
}
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h2 { margin-top: 3rem; }
svg { width: 100%; max-width: 50rem; height: auto; color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.75rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
.goals th, .goals td { white-space: normal; }
th { background: var(--soft); }
td.number { text-align: right; }
.met { color: var(--met); }
.missed { color: var(--missed); font-weight: 600; }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem; }
"""


NUMBER = ' class="number"'


def page(results: Results, drawn: Mapping[str, str]) -> str:
    """The whole file; drawn: SVG pictures by the names of their plots."""
    sections = [_scenario(name, rows, drawn) for name, rows in results.scenarios.items()]
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>Conclave: benches of {escape(results.date)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        f"<h1>Benches of {escape(results.date)}</h1>{_about(results)}"
        f"<h2>Goals</h2>{_goals(judge(results.scenarios))}{''.join(sections)}</body></html>\n"
    )


def _about(results: Results) -> str:
    facts: dict[str, object] = {**results.machine, "load": results.load, **results.versions}
    quick = "<p><strong>Quick run: fewer cases, rougher figures.</strong></p>" if results.quick else ""
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(_said(value))}</dd>" for name, value in facts.items())
    details = f"<details><summary>Machine and versions</summary><dl>{listed}</dl></details>"
    return f"<p>{escape(results.caption())}</p>{quick}{details}"


def _goals(verdicts: Sequence[Verdict]) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(verdict.goal.title)}</th><td>{escape(verdict.goal.scenario)}</td>'
        f'<td class="number">{_said(verdict.measured)}</td><td class="number">{escape(verdict.goal.wanted)}</td>'
        f'<td class="{"met" if verdict.met else "missed"}">{escape(verdict.said)}</td></tr>'
        for verdict in verdicts
    )
    return (
        '<div class="scroll"><table class="goals"><thead><tr><th scope="col">goal</th><th scope="col">scenario</th>'
        '<th scope="col">measured</th><th scope="col">wanted</th><th scope="col">met</th></tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _rows(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    lines = "".join(f"<tr>{''.join(_cells(row, columns))}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _cells(row: Row, columns: Sequence[str]) -> Iterable[str]:
    for name in columns:
        value = row.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        yield f"<td{NUMBER if number else ''}>{escape(_said(value))}</td>"


def _scenario(name: str, rows: Sequence[Row], drawn: Mapping[str, str]) -> str:
    title = SCENARIOS[name].title if name in SCENARIOS else name
    pictures = []
    for plot in PLOTS:
        if plot.scenario == name and plot.name in drawn:
            words = escape(plot.alternative(rows), quote=True)
            labelled = drawn[plot.name].replace("<svg ", f'<svg role="img" aria-label="{words}" ', 1)
            pictures.append(f"<figure>{labelled}</figure>")
    head = f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{escape(title)}.</p>'
    return f"<section>{head}{''.join(pictures)}{_rows(rows)}</section>"


def _said(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return shown(value)
        case list():
            return ", ".join(map(_said, value))
        case dict():
            return ", ".join(f"{name} {_said(each)}" for name, each in value.items())
    return str(value)
