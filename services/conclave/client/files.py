"""Files that people share in a meeting."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from conclave.client.asking import Ask, send_object
from conclave.client.errors import FileDamaged
from conclave.client.events import Event, FileShared, FileTakenBack
from conclave.client.objects import SharedFile, new_content_id
from conclave.client.people import Participant
from conclave.client.sealing import CONTENT_KEY_SIZE, Layout, Opener, Sealer
from conclave.client.transfers import Transfers
from conclave.v1 import content_pb2, data_class_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Files"]


class Files:
    """The files that the client may read, and new ones. They are encrypted before they leave the device."""

    def __init__(self, ask: Ask, tell: Callable[[Event], None], transfers: Transfers) -> None:
        self._ask, self._tell, self._transfers = ask, tell, transfers
        self._files: dict[str, SharedFile] = {}

    @property
    def shared(self) -> tuple[SharedFile, ...]:
        """In the order in which they were shared."""
        return tuple(sorted(self._files.values(), key=lambda file: file.first_sequence))

    async def send(self, path: str | Path, *, to: Participant | None = None) -> str:
        """Shares a file with everybody, or with one person alone, under its own name; returns the object's id.

        Returns when the appliance has all of it; a lost connection is waited for. Raises OSError, FileDamaged when the
        file changes meanwhile, FileRefused and Refused when it is too large or there is no room, Unreachable.
        """
        source = Path(path)
        size = (await asyncio.to_thread(source.stat)).st_size
        file_id, content_id = new_content_id(), new_content_id()
        content_key, layout = secrets.token_bytes(CONTENT_KEY_SIZE), Layout(size)
        file = await asyncio.to_thread(source.open, "rb")
        try:
            await self._transfers.send(file_id, layout.sealed_size, Sealer(content_key, file_id, layout).seal(file))
        finally:
            file.close()
        shared = content_pb2.SharedFile(
            file_id=file_id,
            name=source.name,
            media_type=mimetypes.guess_type(source.name)[0] or "",
            size=size,
            content_key=content_key,
        )
        clear = content_pb2.ContentObject(
            kind=content_pb2.CONTENT_KIND_FILE,
            data_class=data_class_pb2.DATA_CLASS_SHARED_CONTENT,
            id=content_id,
            revision=1,
            file=shared,
        )
        await send_object(self._ask, clear, "" if to is None else to.id, [file_id])
        return content_id

    async def save(self, file: SharedFile, path: str | Path) -> None:
        """Reads a file and writes it to a path, which holds either all of it or what it held before.

        Its name is the author's and never taken as a path. Raises FileDamaged when it is not what its author sent,
        FileRefused and Refused when it is not there any more, Unreachable, OSError.
        """
        target = Path(path)
        layout = Layout(file.size)
        opener = Opener(file.content_key, file.file_id, layout)
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as writing:
                async for sealed in self._transfers.read(file.file_id, layout.sealed_size):
                    await asyncio.to_thread(_write, writing, opener, sealed)
            if not opener.finished:
                raise FileDamaged("the file was cut short; nothing of it is kept")
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    async def delete(self, file: SharedFile) -> None:
        """Takes a file back: one's own or, as a host, any that was shared with everybody. Raises Refused."""
        await self._ask(pb.ClientMessage(delete_content=content_pb2.DeleteContent(id=file.id)))

    def took(self, record: content_pb2.ContentRecord) -> None:
        """A file was shared or taken back."""
        before = self._files.get(record.id)
        if record.deletion != content_pb2.CONTENT_DELETION_UNSPECIFIED:
            if before is not None:
                del self._files[record.id]
                self._tell(FileTakenBack(before))
        elif before is None and record.clear.HasField("file"):
            file = self._files[record.id] = SharedFile.read(record)
            self._tell(FileShared(file))

    def forget(self) -> None:
        """Another meeting has begun."""
        self._files.clear()


def _write(writing: BinaryIO, opener: Opener, sealed: bytes) -> None:
    writing.write(opener.open(sealed))
