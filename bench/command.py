"""Runs scenarios one after another, keeps their rows together, and holds them to the goals."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import machine
from bench.figures import shown
from bench.goals import Verdict, judge
from bench.readme import with_goals
from bench.report import page
from bench.results import Results
from bench.scenarios import CLIENTS, CORE, SCENARIOS, Row, Scenario, rows_of

__all__ = ["main", "parse"]

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PICTURES = ROOT / "bench" / "pictures"
GROUPS = {"core": [scenario.name for scenario in CORE], "clients": [scenario.name for scenario in CLIENTS]}
RUN_SECONDS = 1800  # one that takes longer hangs


class ScenarioFailed(Exception):
    """A scenario's program ended with an error, which it has told."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options; `scenarios` holds names without groups, none twice."""
    known = "\n".join(f"  {scenario.name:10} {scenario.title}" for scenario in SCENARIOS.values())
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description=__doc__,
        epilog=f"scenarios (`core`, the default: the first {len(CORE)}; `clients`: the rest):\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="what to measure (default: core)")
    parser.add_argument("--quick", action="store_true", help="fewer cases, shorter: figures are rougher")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write a report (HTML) and its plots (PNG) there")
    parser.add_argument("--readme", action="store_true", help="write the README's plots and table of goals anew")
    parser.add_argument(
        "--from", dest="stored", type=Path, nargs="+", metavar="FILE", help="measure nothing: read earlier --json files"
    )
    options = parser.parse_args(arguments)
    if options.stored and (options.scenarios or options.quick):
        parser.error("--from measures nothing: leave --quick and the scenarios out")
    wanted: list[str] = []
    for name in options.scenarios or ["core"]:
        if name not in SCENARIOS and name not in GROUPS:
            parser.error(f"no scenario {name!r}; there are {', '.join([*SCENARIOS, *GROUPS])}")
        wanted += GROUPS.get(name, [name])
    options.scenarios = list(dict.fromkeys(wanted))
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"{options.json}: there is no such directory")
    for path in options.stored or []:
        if not path.is_file():
            parser.error(f"{path}: there is no such file")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and writes what is asked for. Returns 1 when a scenario failed; a missed goal is no failure."""
    options = parse(arguments)
    if options.stored:
        results, failed = Results.together([Results.read(path) for path in options.stored]), list[str]()
    else:
        if os.geteuid() != 0:
            print("bench/run needs root, for network namespaces of its own", file=sys.stderr)
            return 2
        results, failed = measure(options.scenarios, quick=options.quick)
    if options.json:
        results.write(options.json)
    verdicts = judge(results.scenarios)
    if options.report or options.readme:
        from bench import drawing  # it needs matplotlib

        if options.report:
            options.report.mkdir(parents=True, exist_ok=True)
            drawing.write_pngs(results, options.report)
            (options.report / "index.html").write_text(page(results, drawing.svgs(results)))
            print(f"report: {options.report / 'index.html'}")
        if options.readme:
            drawing.write_pngs(results, PICTURES)
            README.write_text(with_goals(README.read_text(), verdicts, results.caption()))
    print_goals(verdicts)
    for name in failed:
        print(f"{name} failed", file=sys.stderr)
    return 1 if failed else 0


def measure(names: Sequence[str], *, quick: bool) -> tuple[Results, list[str]]:
    """Runs scenarios; returns their rows, and the names of those that failed."""
    results = Results(machine.machine(), machine.now(), machine.versions(), {"before": machine.load()}, quick, {})
    failed: list[str] = []
    for name in names:
        begin = time.monotonic()
        print(f"== {name}: {SCENARIOS[name].title}", flush=True)
        try:
            results.scenarios[name] = run(SCENARIOS[name], quick=quick)
        except ScenarioFailed:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - begin:.0f} s", flush=True)
    results.load["after"] = machine.load()
    return results, failed


def run(scenario: Scenario, *, quick: bool) -> list[Row]:
    """The rows of one scenario. Raises ScenarioFailed."""
    rows: list[Row] = []
    paths = [str(ROOT / part) for part in (".", "bench", "core", "services", "proto", "tests/integration")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    for arguments in scenario.quick if quick else scenario.full:
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            written = Path(directory) / "rows.json"
            command = [sys.executable, "-m", f"bench.{scenario.name}", *arguments, "--json", str(written)]
            try:
                subprocess.run(command, cwd=ROOT, env=environment, timeout=RUN_SECONDS, check=True)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                raise ScenarioFailed(scenario.name) from error
            rows += rows_of(scenario.name, written)
    return rows


def print_goals(verdicts: Sequence[Verdict]) -> None:
    """The table of goals, where there is one."""
    for verdict in verdicts:
        figure = "-" if verdict.measured is None else shown(verdict.measured)
        print(f"{figure:>8}  {verdict.goal.wanted:>8}  {verdict.said:<14}  {verdict.goal.title}")


if __name__ == "__main__":
    raise SystemExit(main())
