"""Log lines hold what we wrote, and nothing that a person sent."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

import pytest

from conclave.services.journal.lines import JsonLines, fields

CANARY = "Marguerite-Canary-7781"


def format_record(name: str, message: str, *arguments: object, **options: object) -> dict[str, object]:
    record = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, arguments, options.get("exc_info"))  # type: ignore[arg-type]
    record.__dict__.update(options.get("extra", {}))  # type: ignore[call-overload]
    line = JsonLines("conclave-test").format(record)
    assert "\n" not in line
    decoded: dict[str, object] = json.loads(line)
    return decoded


def test_a_line_has_our_fields() -> None:
    line = format_record("conclave.services.x", "a call failed", extra=fields(method="/x/Y"))
    assert (line["message"], line["method"], line["process"]) == ("a call failed", "/x/Y", "conclave-test")


def test_arguments_of_other_libraries_are_left_out() -> None:
    line = format_record("aiohttp.server", "error from %s", CANARY)
    assert line["message"] == "error from %s"
    assert CANARY not in json.dumps(line)


def test_what_asyncio_writes_into_its_own_messages_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(fail, CANARY)
        context = {"message": "Task exception was never retrieved", "exception": ValueError(CANARY), "future": CANARY}
        loop.call_exception_handler(context)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert all(CANARY in record.getMessage() for record in caplog.records), "what the test is about"
    lines = [json.loads(JsonLines("conclave-test").format(record)) for record in caplog.records]
    assert [line["exception"] for line in lines] == ["ValueError", "ValueError"]
    assert lines[0]["message"] == "Task exception was never retrieved"
    assert lines[1]["message"].startswith("Exception in callback")
    assert CANARY not in json.dumps(lines)


def test_an_exception_is_told_by_type_and_place_only() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        line = format_record("conclave.services.x", "failed", exc_info=sys.exc_info())
    assert line["exception"] == "ValueError"
    assert "test_journal.py" in str(line["at"])
    assert CANARY not in json.dumps(line)
