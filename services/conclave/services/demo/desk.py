"""Where the demo's process takes orders; see orders.py."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from conclave.services.demo.company import Company
from conclave.services.demo.orders import Attendee, DemoRefused
from conclave.services.journal.lines import fields

__all__ = ["serve_orders"]

_log = logging.getLogger(__name__)


async def serve_orders(path: Path, company: Company) -> asyncio.Server:
    """Listens on a Unix socket. Orders are carried out one after the other."""
    turn = asyncio.Lock()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with turn:
                answer = await _answer(company, await reader.readline())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, ValueError) as error:
            _log.warning("an order could not be answered", extra=fields(reason=type(error).__name__))
        finally:
            writer.close()

    return await asyncio.start_unix_server(serve, path)


async def _answer(company: Company, line: bytes) -> dict[str, Any]:
    try:
        order = json.loads(line)
        attendees = await _carry_out(company, order)
    except DemoRefused as error:
        return {"error": str(error)}
    except TimeoutError:
        return {"error": "not everybody came in time; `conclave demo status` tells who did"}
    except (KeyError, TypeError, ValueError):
        return {"error": "this demo does not know such an order; restart the appliance after an update"}
    return {"attendees": [attendee.to_json() for attendee in attendees]}


async def _carry_out(company: Company, order: dict[str, Any]) -> list[Attendee]:
    match order["order"]:
        case "add":
            return await company.add(order["room"], [url.partition("#")[2] for url in order["invites"]])
        case "remove":
            return await company.remove(order["names"])
        case "share":
            return await company.share(order["name"])
        case "stop_sharing":
            return company.stop_sharing()
        case "status":
            return company.attendees()
    raise KeyError(order["order"])
