"""What can be seen on a page, as JavaScript expressions that are true or false."""

from __future__ import annotations

import json
from collections.abc import Sequence

__all__ = [
    "has_picture",
    "is_muted",
    "is_present",
    "is_unmuted",
    "layer_height",
    "receives_anew",
    "says",
    "signalling_comes_back",
]


def _tile(name: str) -> str:
    return f"document.querySelector({json.dumps(f'[role=group][aria-label={json.dumps(name, ensure_ascii=False)}]')})"


def says(text: str) -> str:
    """The page shows or tells this text somewhere."""
    return f"document.body.textContent.includes({json.dumps(text, ensure_ascii=False)})"


def is_present(name: str) -> str:
    """There is a tile of this name."""
    return f"{_tile(name)} !== null"


def is_muted(name: str) -> str:
    """The tile says so in words."""
    return f"/^Muted/.test({_tile(name)}?.querySelector('.caption')?.textContent ?? '')"


def is_unmuted(name: str) -> str:
    return f"{is_present(name)} && !({is_muted(name)})"


def has_picture(name: str) -> str:
    """The tile shows a picture, and not initials."""
    return f"({_tile(name)}?.querySelector('video')?.videoWidth ?? 0) > 0"


def layer_height(source: str, low: int, high: int) -> str:
    """The pictures decoded of a source ("NAME/camera") are this high, both ends included."""
    name, _, kind = source.rpartition("/")
    quoted = json.dumps(name, ensure_ascii=False)
    return f"""window.conclave.stats().then(({{ slots }}) => {{
      const owner = window.conclave.state().participants.find((each) => each.name === {quoted});
      const slot = slots.find((each) => each.sourceId === `${{owner?.id}}/{kind}`);
      return slot !== undefined && slot.frameHeight >= {low} && slot.frameHeight <= {high};
    }})"""


def signalling_comes_back() -> str:
    """Signalling breaks, and is open again: true once both have happened."""
    return """(async () => {
      const sees = async (online) => {
        while (window.conclave.state().online !== online) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      await sees(false);
      await sees(true);
      return true;
    })()"""


def receives_anew(names: Sequence[str]) -> str:
    """The media transport breaks, and then pictures and sound of all these people grow again."""
    return f"""(async () => {{
      const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
      while (window.conclave.state().media === "connected") await pause();
      while (window.conclave.state().media !== "connected") await pause();
      const grown = (slot) => slot && (slot.kind === "audio" ? slot.packetsReceived : slot.framesDecoded) >= 5;
      for (const name of {json.dumps(names, ensure_ascii=False)}) {{
        for (const kind of ["camera", "microphone"]) {{
          for (;;) {{
            const owner = window.conclave.state().participants.find((each) => each.name === name);
            const {{ slots }} = await window.conclave.stats();
            if (grown(slots.find((each) => each.sourceId === `${{owner?.id}}/${{kind}}`))) break;
            await pause();
          }}
        }}
      }}
      return true;
    }})()"""
