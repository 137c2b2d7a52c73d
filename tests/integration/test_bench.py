"""`bench/run` measures the real core and writes what it measured."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.full
def test_a_quick_run_writes_rows_report_and_plots(tmp_path: Path) -> None:
    rows, report = tmp_path / "rows.json", tmp_path / "report"
    command = [ROOT / "bench" / "run", "--quick", "fanout", "--json", rows, "--report", report]
    run = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    written = json.loads(rows.read_text())
    assert {"machine", "date", "versions", "load"} < set(written)
    assert {(row["subscribers"], row["burst"]) for row in written["fanout"]} == {(10, 5), (10, 8), (100, 5), (100, 8)}
    assert all(row["ns_per_packet"] > row["raw_gcm_ns"] > 0 for row in written["fanout"])
    assert "cipher alone" in run.stdout, "the goals are told at the end"
    assert (report / "index.html").read_text().count("<svg") == 1
    assert (report / "fanout.png").read_bytes().startswith(b"\x89PNG")
