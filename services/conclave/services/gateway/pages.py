"""The web client's files, read into memory once: a request never reaches the file system."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

__all__ = ["StaticFile", "StaticFiles", "serve_page"]

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
# The build names what lies here by its content, so a name never changes its meaning.
_HASHED = "assets/"
_PAGES = frozenset({"", "check", "join"})
_NOT_BUILT = (
    "The web client is not built. Run ./appliance/up, or `npm ci && npm run build` in services/web; "
    "then reload this page.\n"
)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is served."""

    body: bytes
    content_type: str
    cache_control: str
    etag: str


class StaticFiles:
    """The files below a directory. While there is no index.html they are looked for again at each request."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, StaticFile] = {}

    @property
    def built(self) -> bool:
        """Whether there is a client to serve."""
        if not self._files and (self._directory / "index.html").is_file():
            self._files = {
                path.relative_to(self._directory).as_posix(): _read(path, self._directory)
                for path in sorted(self._directory.rglob("*"))
                if path.is_file()
            }
        return bool(self._files)

    def find(self, path: str) -> StaticFile | None:
        """The file of a URL's path without its first slash; None when there is none."""
        return self._files.get("index.html" if path in _PAGES else path)


def serve_page(request: web.Request, files: StaticFiles) -> web.Response:
    """Answers GET and HEAD of a file."""
    if not files.built:
        return web.Response(status=503, text=_NOT_BUILT, headers={"Cache-Control": "no-store", "Retry-After": "10"})
    file = files.find(request.match_info["path"])
    if file is None:
        return web.Response(status=404, text="There is no such page here.\n", headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": file.cache_control, "ETag": file.etag}
    if file.cache_control != "no-store" and request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.body, headers={**headers, "Content-Type": file.content_type})


def _read(path: Path, directory: Path) -> StaticFile:
    body = path.read_bytes()
    name = path.relative_to(directory).as_posix()
    if name.startswith(_HASHED):
        cache_control = "public, max-age=31536000, immutable"
    elif path.suffix in (".html", ".json"):
        cache_control = "no-store"
    else:
        cache_control = "no-cache"
    content_type = _TYPES.get(path.suffix, "application/octet-stream")
    return StaticFile(body, content_type, cache_control, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
