"""The object store: the bytes of files, in parts, each whole or not there."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from conclave.services.domain.files import CHUNK_SIZE, PART_SIZE

__all__ = ["LocalObjects", "ObjectFault"]

# What is written at once; a smaller part would be kept in memory until it is whole.
_BUFFER_SIZE = 1024 * 1024


class ObjectFault(Exception):
    """The store failed: no room, no such part, or a disk that does not work."""


class LocalObjects:
    """Objects below one directory: a directory each, and in it a file a part.

    Names of objects are made by the caller, from letters and digits.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._store = LocalStore(directory)

    def free(self) -> int:
        """Bytes that the disk has."""
        return shutil.disk_usage(self._directory).free

    async def write(self, name: str, number: int, chunks: AsyncIterator[bytes]) -> None:
        """Writes one part, on the disk when this returns. What raises within `chunks` leaves no part behind.

        Raises ObjectFault.
        """
        path = self._path(name, number)
        try:
            async with obstore.open_writer_async(
                self._store, path, buffer_size=_BUFFER_SIZE, max_concurrency=1
            ) as writer:
                async for chunk in chunks:
                    await writer.write(chunk)
            await asyncio.to_thread(self._sync, name, path)
        except (BaseError, OSError) as error:
            raise ObjectFault(f"a part could not be written ({type(error).__name__})") from error

    async def read(self, name: str, offset: int, length: int) -> AsyncIterator[bytes]:
        """The bytes of an object from an offset on, in chunks. Raises ObjectFault."""
        end = offset + length
        while offset < end:
            number, start = divmod(offset, PART_SIZE)
            size = min(CHUNK_SIZE, end - offset, PART_SIZE - start)
            try:
                found = await obstore.get_range_async(self._store, self._path(name, number), start=start, length=size)
            except (BaseError, OSError) as error:
                raise ObjectFault(f"a part could not be read ({type(error).__name__})") from error
            chunk = found.to_bytes()
            if len(chunk) != size:
                raise ObjectFault("a part is shorter than it was")
            yield chunk
            offset += size

    async def names(self) -> frozenset[str]:
        """The objects that there is anything of."""
        return frozenset(await asyncio.to_thread(os.listdir, self._directory))

    async def delete(self, name: str) -> None:
        """Deletes an object, what was being written of it included. Raises ObjectFault."""
        try:
            await asyncio.to_thread(shutil.rmtree, self._directory / name)
        except FileNotFoundError:
            pass  # Deleted already.
        except OSError as error:
            raise ObjectFault(f"an object could not be deleted ({type(error).__name__})") from error

    async def trim(self) -> None:
        """Deletes what was being written when the process ended. Call it before anything is written."""
        await asyncio.to_thread(self._trim)

    def _path(self, name: str, number: int) -> str:
        return f"{name}/{number:05d}"

    def _sync(self, name: str, path: str) -> None:
        # The store renames without waiting for the disk: a part counts only once it, its name and its directory stay.
        for place in (self._directory / path, self._directory / name, self._directory):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _trim(self) -> None:
        for part in self._directory.glob("*/*"):
            if not part.name.isdigit():
                part.unlink()
