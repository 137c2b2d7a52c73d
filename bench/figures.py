"""Numbers as people read them."""

from __future__ import annotations

__all__ = ["shown"]


def shown(number: float) -> str:
    """Three digits, and thousands apart."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
