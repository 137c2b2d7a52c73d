"""The load generator. `Generator` is in generator.pyi, `Client`, who joins the core by it, in client.py."""

from load.build import build

build()

from load.generator import Generator  # noqa: E402

__all__ = ["Generator"]
