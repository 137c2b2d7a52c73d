"""Writes down who comes, goes and says what: python -m conclave.client.examples.minutes LINK."""

from __future__ import annotations

import argparse
import asyncio

from conclave.client import ChatSaid, Client, Ended, ParticipantJoined, ParticipantLeft


async def main(link: str, authority: str | None, lines: int) -> None:
    """Listens until so many lines were written, or the meeting is over."""
    async with await Client.join(link, name="Minutes", authority=authority) as meeting:
        print("here:", ", ".join(person.name for person in meeting.participants), flush=True)
        async for event in meeting.events():
            match event:
                case ParticipantJoined(person):
                    print(f"{person.name} comes", flush=True)
                case ParticipantLeft(person):
                    print(f"{person.name} goes", flush=True)
                case ChatSaid(line):
                    print(f"{line.time:%H:%M} {line.sender_name}: {line.text}", flush=True)
                    lines -= 1
                    if lines == 0:
                        return
                case Ended():
                    print(event.text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("link", help="an invite")
    parser.add_argument("--authority", help="whose certificates to trust (PEM); what `appliance/up` names")
    parser.add_argument("--lines", type=int, default=0, help="after how many lines to leave; 0 for never")
    options = parser.parse_args()
    asyncio.run(main(options.link, options.authority, options.lines))
