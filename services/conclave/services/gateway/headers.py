"""Headers of every response: what a page of ours may do, which is little, and nothing about what we run."""

from __future__ import annotations

import re
from types import MappingProxyType

from aiohttp import hdrs
from multidict import CIMultiDict

__all__ = ["SECURITY_HEADERS", "set_security_headers"]

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
}

# Of the worker that computes people's outlines, and of nothing else: it may compile WebAssembly, and reach nothing.
_COMPUTING_POLICY = {
    "default-src": "'none'",
    "script-src": "'wasm-unsafe-eval'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
}
_COMPUTING_PATH = re.compile(r"/assets/outlineworker-[\w-]+\.js")

_FEATURES_OF_OURS = ("camera", "microphone", "display-capture", "fullscreen", "screen-wake-lock", "speaker-selection")
_FEATURES_REFUSED = (
    "accelerometer",
    "browsing-topics",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "midi",
    "payment",
    "publickey-credentials-get",
    "serial",
    "usb",
    "xr-spatial-tracking",
)


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{directive} {value}" for directive, value in policy.items())


SECURITY_HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": _written(_POLICY),
        "Strict-Transport-Security": "max-age=63072000",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": ", ".join(
            [f"{feature}=(self)" for feature in _FEATURES_OF_OURS] + [f"{feature}=()" for feature in _FEATURES_REFUSED]
        ),
    }
)


def set_security_headers(headers: CIMultiDict[str], path: str = "") -> None:
    """Sets them on a response that is about to be sent, and removes the server's banner. path: which was asked for."""
    headers.update(SECURITY_HEADERS)
    if _COMPUTING_PATH.fullmatch(path):
        headers["Content-Security-Policy"] = _written(_COMPUTING_POLICY)
    headers.popall(hdrs.SERVER, None)
