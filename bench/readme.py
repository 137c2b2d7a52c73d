"""The README's table of goals."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.figures import shown
from bench.goals import Verdict

__all__ = ["with_goals"]

BEGIN, END = "<!-- goals -->", "<!-- /goals -->"


def with_goals(text: str, verdicts: Sequence[Verdict], caption: str) -> str:
    """The README with this table of goals between its two marks. Raises ValueError when it has none."""
    lines = ["| goal | wanted | measured | |", "|---|---|---|---|"]
    for verdict in verdicts:
        figure = "" if verdict.measured is None else shown(verdict.measured)
        lines.append(f"| {verdict.goal.title} | {verdict.goal.wanted} | {figure} | {verdict.said} |")
    table = "\n".join([BEGIN, "", f"Measured on {caption}.", "", *lines, "", END])
    text, replaced = re.subn(f"{BEGIN}.*?{END}", lambda _: table, text, flags=re.DOTALL)
    if replaced != 1:
        raise ValueError(f"the README has no place for the goals: {BEGIN} and {END}")
    return text
