"""The rows of one run of `bench/run`, and what they were measured on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from bench.scenarios import Row

__all__ = ["Results"]


@dataclass
class Results:
    """scenarios: rows by scenario; load: averages of a minute before and after; quick: fewer cases, rougher."""

    machine: dict[str, object]
    date: str
    versions: dict[str, str]
    load: dict[str, float]
    quick: bool
    scenarios: dict[str, list[Row]]

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote."""
        written: dict[str, Any] = json.loads(path.read_text())
        about = {name: written.pop(name) for name in ("machine", "date", "versions", "load", "quick")}
        return cls(**about, scenarios=written)

    @classmethod
    def together(cls, runs: Sequence[Self]) -> Self:
        """Several runs on one machine as one: a scenario's newest rows, the oldest date, the highest loads.

        Raises ValueError when the machines differ.
        """
        runs = sorted(runs, key=lambda run: run.date)
        if any(run.machine != runs[0].machine for run in runs):
            raise ValueError("these runs are of different machines")
        return cls(
            machine=runs[0].machine,
            date=runs[0].date,
            versions=runs[-1].versions,
            load={when: max(run.load[when] for run in runs) for when in ("before", "after")},
            quick=any(run.quick for run in runs),
            scenarios={name: rows for run in runs for name, rows in run.scenarios.items()},
        )

    def write(self, path: Path) -> None:
        """One JSON object: each scenario's list under its name, beside machine, date, versions, load and quick."""
        about = asdict(self)
        scenarios = about.pop("scenarios")
        path.write_text(json.dumps(about | scenarios, indent=2) + "\n")

    def caption(self) -> str:
        """Where and when, in one line."""
        kind = ", virtual" if self.machine["virtual"] else ""
        return (
            f"{self.machine['cpu']} ({self.machine['cpu_count']} CPUs{kind}), Linux {self.machine['kernel']}, "
            f"{self.date[:10]}, load {self.load['before']:g} before and {self.load['after']:g} after"
        )
