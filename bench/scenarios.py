"""What `bench/run` can measure: one program a scenario.

A program `bench/NAME.py` (or `bench/NAME/__main__.py`) takes `--json FILE` and writes there an object that holds, under
the scenario's name, a list of rows; one object of figures without such a list is one row. Each row names its parameters
and its figures.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CLIENTS", "CORE", "SCENARIOS", "Row", "Scenario", "rows_of", "write_rows"]

Row = dict[str, object]


@dataclass(frozen=True)
class Scenario:
    """One program; full and quick: the arguments of each of its runs, whose rows follow one another."""

    name: str
    title: str
    full: tuple[tuple[str, ...], ...] = ((),)
    quick: tuple[tuple[str, ...], ...] = (("--quick",),)


# The media core as a process of its own, and what it is compared with.
CORE = (
    Scenario(
        "fanout",
        "CPU per forwarded packet: one publisher, many subscribers, bursts of equal packets",
        full=(
            ("--profile", "SRTP_AEAD_AES_128_GCM", "--rounds", "5"),
            ("--profile", "SRTP_AES128_CM_SHA1_80", "--subscribers", "100", "--burst", "8", "--sink", "nic"),
        ),
        quick=(
            ("--subscribers", "10", "100", "--burst", "5", "8", "--sink", "nic", "--rounds", "3", "--bursts", "30"),
        ),
    ),
    Scenario("latency", "What the core adds to a packet's way, by share of the load that a worker bears"),
    Scenario("meeting", "Meetings of 8, 50 and 300: the core's CPU and latency"),
    Scenario("loss", "What is left of a camera after loss, and while its layer changes"),
    Scenario("workers", "What two workers forward over what one does"),
    Scenario("join", "Joins a second, and time to the first packet of a picture"),
    Scenario("memory", "Bytes of the core's memory by what they are for"),
    Scenario("peers", "The same work by Conclave and by servers that others run, taking turns on one CPU"),
    Scenario("micro", "Each hot function alone, called from Python"),
)
# What meetings cost browsers, with a real appliance: minutes each.
CLIENTS = (
    Scenario(
        "client",
        "A client in Chromium: bytes of the page, time to the first picture, CPU by tiles",
        quick=(("--joins", "2", "--seconds", "3"),),
    ),
    Scenario("groups", "An end-to-end group of our own clients, without media", quick=(("--people", "8"),)),
    Scenario("transform", "What the end-to-end transform costs a frame", quick=(("--frames", "300"),)),
    Scenario("removal", "Until everybody else has new keys after a leave or a removal", quick=(("--rounds", "1"),)),
    Scenario("joins", "An end-to-end meeting while one joins every second", quick=(("--seconds", "8"),)),
    Scenario("tiles", "CPU of a client with nine tiles", quick=(("--seconds", "5", "--turns", "1"),)),
)
SCENARIOS = {scenario.name: scenario for scenario in (*CORE, *CLIENTS)}


def write_rows(name: str, rows: list[Row], path: Path) -> None:
    """Writes one scenario's rows as `rows_of` reads them."""
    path.write_text(json.dumps({name: [_finite(row) for row in rows]}, indent=2, allow_nan=False) + "\n")


def rows_of(name: str, path: Path) -> list[Row]:
    """The rows that one run of a scenario has written; nested figures are named as in `join.p50_s`."""
    written = json.loads(path.read_text())
    return [_flat(row) for row in (written[name] if isinstance(written.get(name), list) else [written])]


def _finite(row: Row) -> Row:
    """The row with null for what has no value, as CPU a packet where none passed: JSON knows no infinity (RFC 8259)."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()
    }


def _flat(figures: Row, prefix: str = "") -> Row:
    row: Row = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            row |= _flat(value, f"{prefix}{name}.")
        else:
            row[prefix + name] = value
    return row
