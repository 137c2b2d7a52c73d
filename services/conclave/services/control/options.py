"""What conclave-control is started with."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from conclave.services.domain.files import FileLimits, parse_size
from conclave.services.rpc.server import TlsFiles

__all__ = ["ControlOptions", "TlsListener", "parse_options", "read_deployment_id"]


@dataclass(frozen=True, slots=True)
class TlsListener:
    """Where the API listens for other machines."""

    address: str
    files: TlsFiles


@dataclass(frozen=True, slots=True)
class ControlOptions:
    """Paths and addresses. State lives in `state/control`, sockets below `run`."""

    state: Path
    run: Path
    database_url: str | None
    public_url: str
    tls: TlsListener | None
    files: FileLimits = field(default=FileLimits())
    # Absent without a relay.
    relay_secret: Path | None = None
    turn_port: int = 0

    @property
    def own_state(self) -> Path:
        """Control's part of the state directory."""
        return self.state / "control"

    @property
    def admin_socket(self) -> Path:
        """Where administrators' tools call."""
        return self.run / "control" / "admin.sock"

    @property
    def signalling_socket(self) -> Path:
        """Where the gateway calls."""
        return self.run / "signal" / "control.sock"

    @property
    def core_control_socket(self) -> Path:
        """Where the media core takes requests."""
        return self.run / "core" / "control.ipc"

    @property
    def core_events_socket(self) -> Path:
        """Where the media core tells its events."""
        return self.run / "core" / "events.ipc"


def parse_options(arguments: Sequence[str]) -> ControlOptions:
    """Reads the command line; ends the process with a message when it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="conclave-control", description="Rooms, meetings and signalling of an appliance."
    )
    parser.add_argument("--state", type=Path, required=True, help="the state directory")
    parser.add_argument("--run-dir", type=Path, required=True, help="the directory of the processes' sockets")
    parser.add_argument("--database-url", help="postgresql://user@host/database instead of the local encrypted file")
    parser.add_argument(
        "--public-url", required=True, help="how browsers reach the gateway, such as https://meet.example"
    )
    parser.add_argument("--listen-tcp", metavar="HOST:PORT", help="also serve the API here, with mutual TLS")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain of the TCP listener (PEM)")
    parser.add_argument("--tls-key", type=Path, help="its private key (PEM)")
    parser.add_argument("--tls-client-ca", type=Path, help="the authority that signs client certificates (PEM)")
    limits = FileLimits()
    parser.add_argument(
        "--max-file-size", type=_size, default=limits.file_size, help="bytes of one shared file, such as 500MiB (2GiB)"
    )
    parser.add_argument(
        "--max-meeting-files", type=_size, default=limits.meeting_size, help="bytes of one meeting's files (20GiB)"
    )
    parser.add_argument(
        "--min-free-space", type=_size, default=limits.free_space, help="bytes of the disk that files leave free (1GiB)"
    )
    parser.add_argument(
        "--max-uploads", type=int, default=limits.uploads, help="files that one person sends at once (5)"
    )
    parser.add_argument("--relay-secret", type=Path, help="the file of the relay's secret, if there is a relay")
    parser.add_argument(
        "--turn-port", type=int, default=0, help="where the relay takes clients besides the HTTPS port (nowhere)"
    )
    read = parser.parse_args(arguments)
    url = urlsplit(read.public_url)
    if url.scheme != "https" or not url.hostname or url.query or url.fragment or url.path.strip("/"):
        parser.error("--public-url has the form https://host or https://host:port: browsers use a camera on https only")
    tls = None
    tls_files = (read.tls_cert, read.tls_key, read.tls_client_ca)
    if read.listen_tcp is not None:
        if None in tls_files:
            parser.error("--listen-tcp needs --tls-cert, --tls-key and --tls-client-ca: no TCP without mutual TLS")
        tls = TlsListener(read.listen_tcp, TlsFiles(*tls_files))
    elif tls_files != (None, None, None):
        parser.error("--tls-cert, --tls-key and --tls-client-ca go with --listen-tcp")
    if read.max_uploads < 1:
        parser.error("--max-uploads is 1 at least")
    files = FileLimits(read.max_file_size, read.max_meeting_files, read.min_free_space, read.max_uploads)
    return ControlOptions(
        read.state, read.run_dir, read.database_url, read.public_url, tls, files, read.relay_secret, read.turn_port
    )


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def read_deployment_id(path: Path) -> str:
    """The "deployment_id" of deployment.json. Raises ValueError."""
    content = json.loads(path.read_text("utf-8"))
    deployment_id = content.get("deployment_id") if isinstance(content, dict) else None
    if not isinstance(deployment_id, str) or re.fullmatch(r"[A-Za-z0-9-]{1,64}", deployment_id) is None:
        raise ValueError(f"{path} names no deployment_id (letters, digits, hyphens); restore it from the backup")
    return deployment_id
