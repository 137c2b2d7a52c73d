"""How one is invited: a link, or an appliance and a dial code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from conclave.client.errors import LinkInvalid
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Invitation", "read_invitation"]

_DIAL_CODE = re.compile(r"[0-9]{9}")


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where to go and what to show there. origin: "https://host[:port]"; one of token and dial_code is empty."""

    origin: str
    token: str
    dial_code: str

    def __repr__(self) -> str:
        # Whoever holds the token or the code comes in.
        return f"Invitation({self.origin!r}, <secret>)"

    def show(self, hello: pb.Hello) -> None:
        """Puts the credential into a Hello."""
        if self.dial_code:
            hello.dial_code = self.dial_code
        else:
            hello.invite_token = self.token


def read_invitation(link: str, dial_code: str = "") -> Invitation:
    """Reads a link ("https://host/join#TOKEN"), or an appliance's address beside a dial code of nine digits.

    Raises LinkInvalid, whose text does not repeat the link.
    """
    try:
        parts = urlsplit(link.strip())
        port = parts.port
    except ValueError as error:
        raise LinkInvalid("the link is not an address") from error
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise LinkInvalid("a link begins with https:// and names the appliance")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    # As a browser tells the origin of our page, without the port that goes without saying.
    origin = f"https://{host}" if port in (None, 443) else f"https://{host}:{port}"
    digits = re.sub(r"[\s-]", "", dial_code)
    if digits:
        if _DIAL_CODE.fullmatch(digits) is None:
            raise LinkInvalid("a dial code has nine digits")
        if parts.fragment:
            raise LinkInvalid("give a link or a dial code, not both")
        return Invitation(origin, "", digits)
    if not parts.fragment:
        raise LinkInvalid("the link lacks what follows its #: copy the whole of it, or give a dial code")
    return Invitation(origin, parts.fragment, "")
