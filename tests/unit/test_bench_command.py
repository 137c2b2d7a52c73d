"""What `bench/run` may be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import command
from bench.scenarios import CLIENTS, CORE, SCENARIOS


@pytest.mark.parametrize(
    ("arguments", "scenarios"),
    [
        ([], [scenario.name for scenario in CORE]),
        (["core"], [scenario.name for scenario in CORE]),
        (["tiles", "fanout"], ["tiles", "fanout"]),
        (["tiles", "clients", "tiles"], ["tiles", *(each.name for each in CLIENTS if each.name != "tiles")]),
    ],
)
def test_names_and_groups_name_scenarios_once(arguments: list[str], scenarios: list[str]) -> None:
    assert command.parse(arguments).scenarios == scenarios


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fanuot"], "no scenario 'fanuot'; there are fanout,"),
        (["--json", "nowhere/at/all.json"], "nowhere/at/all.json: there is no such directory"),
        (["fanout", "--from", "stored.json"], "--from measures nothing"),
        (["--from", "stored.json", "--quick"], "--from measures nothing"),
        (["--from", "absent.json"], "absent.json: there is no such file"),
        (["--slow"], "unrecognized arguments: --slow"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_measuring_needs_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert command.main(["fanout"]) == 2
    assert "needs root" in capsys.readouterr().err


def test_every_scenario_has_a_program() -> None:
    folder = Path(command.__file__).parent
    for name in SCENARIOS:
        assert (folder / f"{name}.py").is_file() or (folder / name / "__main__.py").is_file(), name
