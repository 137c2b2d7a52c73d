"""Log lines: one JSON object a line on standard output, without personal data.

Our own messages are constant texts with fields beside them. What another library logs keeps its template up to the
first value in it and loses its arguments, and an exception is told by its type and place: messages and arguments may
hold what a person sent.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime

__all__ = ["JsonLines", "configure_logging", "fields"]

OURS = "conclave."
# asyncio puts what failed into the message itself: a task with its exception's text, or a callback with its arguments.
VALUES = re.compile(r"[\n<(]")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "message": str(record.msg),
        }
        if not record.name.startswith(OURS):
            line["message"] = VALUES.split(str(record.msg), maxsplit=1)[0].rstrip(" :")
            line["logger"] = record.name
        line.update(getattr(record, "conclave_fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])[-6:]
            line["at"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line, ensure_ascii=False, default=str)


def fields(**values: object) -> dict[str, object]:
    """The `extra` of a log call: what belongs beside the message. Never personal data."""
    return {"conclave_fields": values}


def configure_logging(process: str) -> None:
    """Sends every log line of this process to standard output. Called once, by the process' main."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(process))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS.rstrip(".")).setLevel(logging.INFO)
