"""Each hot function of the core alone, through its Python face: what calling it costs is in every figure."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import pytest
from bench.scenarios import Row, write_rows

HERE = Path(__file__).resolve().parent
PREFIX = "micro_"


def main() -> int:
    """Measures and writes the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of a second a function")
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        written = Path(directory) / "benchmark.json"
        collected = ["-o", f"python_files={PREFIX}*.py", "-o", f"python_functions={PREFIX}*"]
        wanted = [
            f"--benchmark-json={written}",
            f"--benchmark-max-time={0.1 if options.quick else 1.0}",
            "--benchmark-disable-gc",
        ]
        failed = pytest.main([str(HERE), *collected, *wanted, "--quiet", "--benchmark-quiet"])
        if failed:
            return int(failed)
        rows = [_row(each) for each in json.loads(written.read_text())["benchmarks"]]
    for row in rows:
        print(
            "  ".join(f"{name} {f'{value:.0f}' if isinstance(value, float) else value}" for name, value in row.items())
        )
    if options.json:
        write_rows("micro", rows, options.json)
    return 0


def _row(measured: dict[str, object]) -> Row:
    """One function with these parameters; ns: of one packet or call."""
    stats, extra = measured["stats"], measured["extra_info"]
    assert isinstance(stats, dict) and isinstance(extra, dict), "pytest-benchmark writes objects"
    batch = extra.get("batch", 1)
    name = str(measured["name"]).partition("[")[0]
    parameters = measured["params"]
    return {
        "function": name.removeprefix(PREFIX),
        **(parameters if isinstance(parameters, dict) else {}),
        "ns": 1e9 * stats["median"] / batch,
        "quartiles_apart_ns": 1e9 * stats["iqr"] / batch,
        "rounds": stats["rounds"],
    }


if __name__ == "__main__":
    sys.exit(main())
