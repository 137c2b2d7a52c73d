"""The Chat panel as a test uses and sees it."""

from __future__ import annotations

import json

from tests.browser.participants import Participant


def words(*texts: str) -> str:
    """The panel shows these lines of text and no other, in this order."""
    shown = "[...document.querySelectorAll('.chat-words, .chat-deleted')].map((each) => each.textContent)"
    return f"JSON.stringify({shown}) === {json.dumps(json.dumps(texts, ensure_ascii=False, separators=(',', ':')))}"


def unread(count: int) -> str:
    return f"document.querySelector('[aria-label=Chat]')?.getAttribute('aria-description') === '{count} unread'"


def delivered(count: int) -> str:
    return f"document.querySelectorAll('.chat-delivered').length === {count}"


def write(person: Participant, text: str) -> None:
    person.page.do("fill", "Message", text)
    person.page.do("key", "Enter")
