"""Memory of the core: what one of each takes of its pools, and how much the process grows a subscriber.

The pools are there from the start, whoever comes, so that a worker never asks for memory: what one takes of them is the
size of its record. The process grows besides by what the control thread keeps in Python, the DTLS connection above all.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "bench", "core", "services", "proto", "tests/integration")]

from bench.scenarios import Row  # noqa: E402
from load.sizes import sizes  # noqa: E402
from load.stage import Stage, program  # noqa: E402

from clients.core_process import CoreProcess  # noqa: E402

WARM = 20  # subscribers who come before: what everybody shares is there by then


def measure(quick: bool) -> list[Row]:
    """A row a record, one for a subscriber of one stream, and one for the process."""
    size = sizes()
    rows: list[Row] = [{"what": name, "bytes": count, "how": "size of the record"} for name, count in size.items()]
    subscriber = size["leg"] + size["keys"] + size["slot"]
    rows.append({"what": "subscriber of one stream", "bytes": subscriber, "how": "leg, keys and slot"})
    count = 50 if quick else 200
    with Stage() as stage:
        stage.join(*(f"warm{number}" for number in range(WARM)), audio_slots=0)
        idle = resident(stage.core)
        stage.join(*(f"s{number}" for number in range(count)), audio_slots=0)
        grown = (resident(stage.core) - idle) / count
    rows.append({"what": "process a subscriber", "bytes": grown, "how": f"resident, over {count} who joined"})
    rows.append({"what": "process at the start", "bytes": idle, "how": f"resident, with {WARM} subscribers"})
    return rows


def resident(core: CoreProcess) -> int:
    """Bytes of the process that are in memory."""
    fields = Path(f"/proc/{core.process.pid}/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) * 1024


if __name__ == "__main__":
    sys.exit(program("memory", str(__doc__), measure))
