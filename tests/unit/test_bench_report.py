"""Rows of a run: written, read, held to the goals, and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bench.goals import GOALS, Goal, Verdict, judge
from bench.plots import PLOTS
from bench.readme import with_goals
from bench.report import page
from bench.results import Results
from bench.scenarios import SCENARIOS, Row, rows_of, write_rows

GCM = "SRTP_AEAD_AES_128_GCM"


def fanout_row(burst: int, ratio: float, **others: object) -> Row:
    return {
        "subscribers": 100,
        "burst": burst,
        "profile": GCM,
        "sink": "nic",
        "ns_per_packet": 400.0 + burst,
        "ratio_to_raw_gcm": ratio,
        **others,
    }


@pytest.fixture
def results() -> Results:
    return Results(
        machine={"cpu": "Test <CPU>", "cpu_count": 2, "virtual": True, "kernel": "6.1"},
        date="2026-11-22T20:00:00+00:00",
        versions={"conclave": "abc"},
        load={"before": 0.5, "after": 1.5},
        quick=False,
        scenarios={"fanout": [fanout_row(8, 2.5), fanout_row(5, 3.5, **{"odd<name>": "<script>"})]},
    )


def test_results_are_read_as_they_were_written(results: Results, tmp_path: Path) -> None:
    results.write(tmp_path / "rows.json")
    written = json.loads((tmp_path / "rows.json").read_text())
    assert [row["burst"] for row in written["fanout"]] == [8, 5]
    assert written["machine"]["kernel"] == "6.1"
    assert Results.read(tmp_path / "rows.json") == results


def test_runs_on_one_machine_are_put_together(results: Results) -> None:
    later = replace(
        results,
        date="2026-11-22T21:00:00+00:00",
        load={"before": 3.0, "after": 0.1},
        scenarios={"peers": [{"case": "steady"}], "fanout": [fanout_row(8, 2.0)]},
    )
    together = Results.together([later, results])
    assert together.date == results.date
    assert together.load == {"before": 3.0, "after": 1.5}
    assert {name: len(rows) for name, rows in together.scenarios.items()} == {"fanout": 1, "peers": 1}
    with pytest.raises(ValueError, match="different machines"):
        Results.together([results, replace(results, machine={"cpu": "another"})])


def test_a_scenario_writes_rows_or_one_object(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    write_rows("fanout", [{"burst": 1}, {"burst": 5}], path)
    assert rows_of("fanout", path) == [{"burst": 1}, {"burst": 5}]
    path.write_text(json.dumps({"people": 50, "join": {"p50_s": 0.1, "of": {"bytes": 3}}}))
    assert rows_of("groups", path) == [{"people": 50, "join.p50_s": 0.1, "join.of.bytes": 3}]


def test_a_figure_without_a_value_is_null(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    write_rows("peers", [{"cpu_us_per_packet": float("inf"), "ratio": float("nan"), "loss": 1.0}], path)
    assert rows_of("peers", path) == [{"cpu_us_per_packet": None, "ratio": None, "loss": 1.0}]


def test_goals_are_held_against_the_row_they_name(results: Results) -> None:
    verdicts = {(verdict.goal.figure, verdict.goal.where["burst"]): verdict for verdict in judge(results.scenarios)}
    assert verdicts["ratio_to_raw_gcm", 8].measured == 2.5
    assert verdicts["ratio_to_raw_gcm", 8].said == "met"
    assert verdicts["speedup_vs_libsrtp_sendto", 8].said == "not measured"


@pytest.mark.parametrize(
    ("bound", "at_least", "measured", "said"),
    [
        (2.0, False, 2.0, "met"),
        (2.0, False, 2.5, "missed by 25%"),
        (4.0, True, 4.0, "met"),
        (4.0, True, 3.0, "missed by 25%"),
        (4.0, True, None, "not measured"),
    ],
)
def test_a_missed_goal_says_how_far(bound: float, at_least: bool, measured: float | None, said: str) -> None:
    verdict = Verdict(Goal("title", "fanout", "figure", {}, bound, at_least), measured)
    assert verdict.said == said
    assert verdict.met == (said == "met")


def test_the_worst_of_several_rows_counts(results: Results) -> None:
    results.scenarios["fanout"].append(fanout_row(8, 2.9))
    (verdict,) = [each for each in judge(results.scenarios) if each.goal.figure == "ratio_to_raw_gcm"]
    assert verdict.measured == 2.9
    assert not verdict.met


def test_goals_and_plots_are_of_scenarios_that_there_are() -> None:
    assert {goal.scenario for goal in GOALS} <= set(SCENARIOS)
    assert {plot.scenario for plot in PLOTS} <= set(SCENARIOS)


class Page(HTMLParser):
    """Collects the tags and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_shows_rows_goals_and_plots_and_loads_nothing(results: Results) -> None:
    shown = Page(page(results, {"fanout": '<svg width="1"></svg>'}))
    assert "script" not in {tag for tag, _ in shown.tags}
    assert not {"src", "href"} & {name for _, attributes in shown.tags for name in attributes}
    assert {"met", "missed"} <= {str(attributes.get("class")) for _, attributes in shown.tags}
    (picture,) = [attributes for tag, attributes in shown.tags if tag == "svg"]
    assert picture["role"] == "img"
    assert "Conclave, bursts of 8: 408 at 100" in str(picture["aria-label"])
    assert {"<script>", "odd<name>", "3.5", "Test <CPU>"} <= set(shown.text)


def test_the_readme_keeps_what_stands_around_the_goals(results: Results) -> None:
    before = "above\n<!-- goals -->\nold\n<!-- /goals -->\nbelow\n"
    once = with_goals(before, judge(results.scenarios), results.caption())
    assert once.startswith("above\n<!-- goals -->\n")
    assert once.endswith("<!-- /goals -->\nbelow\n")
    assert "old" not in once
    assert "| ≤ 2.7 | 2.5 | met |" in once
    assert "Test <CPU> (2 CPUs, virtual), Linux 6.1, 2026-11-22, load 0.5 before and 1.5 after" in once
    assert with_goals(once, judge(results.scenarios), results.caption()) == once
    with pytest.raises(ValueError, match="no place for the goals"):
        with_goals("nothing", [], "")
