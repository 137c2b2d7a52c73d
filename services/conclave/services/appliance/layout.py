"""Where an appliance keeps its state and its sockets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from conclave.services.appliance.errors import StartFailed

__all__ = ["Layout", "default_state"]

# sockaddr_un.sun_path has 108 bytes with the ending zero (unix(7)).
SOCKET_PATH_MAX = 107


def default_state() -> Path:
    """CONCLAVE_STATE; without it a place of the system for root, of the user for anybody else."""
    if named := os.environ.get("CONCLAVE_STATE"):
        return Path(named)
    if os.geteuid() == 0:
        return Path("/var/lib/conclave")
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "conclave"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below one state directory, which is absolute."""

    state: Path

    @classmethod
    def at(cls, state: Path) -> Layout:
        """The layout below a directory. Raises StartFailed when its sockets' paths are too long for the kernel."""
        layout = cls(state.expanduser().absolute())
        longest = max(
            len(os.fsencode(path)) for path in (layout.admin_socket, layout.signal_socket, layout.core_events)
        )
        if longest > SOCKET_PATH_MAX:
            raise StartFailed(
                f"{layout.state} is too long a path for the sockets in it: choose a state directory that is at least "
                f"{longest - SOCKET_PATH_MAX} bytes shorter with --state"
            )
        return layout

    @property
    def run(self) -> Path:
        """Sockets, one directory a pair of processes, and what belongs to the running appliance only."""
        return self.state / "run"

    @property
    def log(self) -> Path:
        """What the processes write."""
        return self.state / "log"

    @property
    def deployment(self) -> Path:
        """The deployment's id, as JSON."""
        return self.state / "control" / "deployment.json"

    @property
    def identity_key(self) -> Path:
        """The deployment's Ed25519 key."""
        return self.state / "control" / "identity.key"

    @property
    def database_key(self) -> Path:
        """32 random bytes, hexadecimal: the key of the database."""
        return self.state / "control" / "database.key"

    @property
    def authority_key(self) -> Path:
        """The local certificate authority's key."""
        return self.state / "ca" / "ca.key"

    @property
    def authority(self) -> Path:
        """The local certificate authority's certificate, which people tell their browsers to trust."""
        return self.state / "ca" / "ca.pem"

    @property
    def server_key(self) -> Path:
        """The gateway's TLS key."""
        return self.state / "gateway" / "server.key"

    @property
    def server_certificate(self) -> Path:
        """The gateway's TLS certificate."""
        return self.state / "gateway" / "server.pem"

    @property
    def metrics_token(self) -> Path:
        """What whoever collects the metrics sends along."""
        return self.state / "gateway" / "metrics.token"

    @property
    def welcomed(self) -> Path:
        """Exists once the first host's invite was handed out."""
        return self.state / "welcomed"

    @property
    def core_control(self) -> Path:
        """The core's ZeroMQ ROUTER."""
        return self.run / "core" / "control.ipc"

    @property
    def core_events(self) -> Path:
        """The core's ZeroMQ PUB."""
        return self.run / "core" / "events.ipc"

    @property
    def admin_socket(self) -> Path:
        """Control's gRPC for administrators."""
        return self.run / "control" / "admin.sock"

    @property
    def signal_socket(self) -> Path:
        """Control's gRPC for the gateway."""
        return self.run / "signal" / "control.sock"

    @property
    def demo_socket(self) -> Path:
        """Where the demo takes orders."""
        return self.run / "demo" / "demo.sock"

    @property
    def relay_configuration(self) -> Path:
        """The relay's, with its secret."""
        return self.run / "relay" / "turnserver.conf"

    @property
    def relay_secret(self) -> Path:
        """The same secret for control, written anew at each start."""
        return self.state / "control" / "relay.secret"

    @property
    def supervisor_socket(self) -> Path:
        """The supervisor's own control."""
        return self.run / "supervisor.sock"

    @property
    def supervisor_configuration(self) -> Path:
        """Written anew at each start."""
        return self.run / "supervisord.conf"

    @property
    def settings(self) -> Path:
        """With which settings the running appliance was started."""
        return self.run / "settings.json"
