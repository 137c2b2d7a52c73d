"""Who each process runs as, and which directories belong to whom.

Sockets belong to one group a pair of processes: a directory that hands its group down (setgid) makes it so, and only
the one that listens may write into the directory.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from conclave.services.appliance.layout import Layout

__all__ = [
    "CONTROL",
    "CORE",
    "DEMO",
    "GATEWAY",
    "PROGRAMS",
    "RELAY",
    "Isolation",
    "hand_over",
    "isolate",
    "listening_as",
    "needs_capability",
]

CORE, CONTROL, GATEWAY = "conclave-core", "conclave-control", "conclave-gateway"
PROGRAMS = (CORE, CONTROL, GATEWAY)
# Runs unless it is not wanted.
RELAY = "conclave-relay"
# Runs only when asked for, after the others.
DEMO = "conclave-demo"
MEDIA, SIGNAL, ADMIN = "conclave-media", "conclave-signal", "conclave-admin"
# Below it, only who has CAP_NET_BIND_SERVICE may listen (ip(7)).
_FIRST_FREE_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
MEMBERSHIPS = {CORE: (MEDIA,), CONTROL: (MEDIA, SIGNAL, ADMIN), GATEWAY: (SIGNAL,), RELAY: (), DEMO: ()}


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps the processes apart.

    separate: whether each process runs as a system user of its own, called like the process. missing: what does not
    hold and how to have it; empty when everything does.
    """

    separate: bool
    missing: str = ""


def isolate(layout: Layout, programs: tuple[str, ...] = PROGRAMS) -> Isolation:
    """Creates the system users and groups that are missing, and tries whether they can run the processes."""
    if os.geteuid() != 0:
        user = pwd.getpwuid(os.geteuid()).pw_name
        return Isolation(
            False,
            f"All processes run as {user}, so each could read the others' keys and memory. "
            "Start as root to give each a system user of its own.",
        )
    _create_accounts(programs)
    blocked = _blocked_path(layout, programs)
    if blocked:
        return Isolation(
            False,
            f"All processes run as root: the system users cannot use {blocked}. Put the checkout, its interpreter and "
            "the state where every user may read (not below a private home) to give each process a user of its own.",
        )
    return Isolation(True)


def hand_over(layout: Layout, isolation: Isolation, programs: tuple[str, ...] = PROGRAMS) -> None:
    """Gives each directory to the process that writes it, and to the one group that may come in."""
    layout.state.chmod(0o711)
    layout.run.chmod(0o711)
    layout.log.chmod(0o700)
    # The certificate in it is for everybody, the key beside it for its owner.
    layout.authority.parent.chmod(0o755)
    layout.authority.chmod(0o644)
    own = {CONTROL: layout.identity_key.parent, GATEWAY: layout.server_key.parent}
    if RELAY in programs:
        own[RELAY] = layout.relay_configuration.parent
    shared = (
        (layout.core_control.parent, CORE, MEDIA),
        (layout.admin_socket.parent, CONTROL, ADMIN),
        (layout.signal_socket.parent, CONTROL, SIGNAL),
        # The demo is no administrator: it listens to them.
        (layout.demo_socket.parent, DEMO, ADMIN),
    )
    for program, directory in own.items():
        for path in (directory, *directory.iterdir()):
            _give(path, program if isolation.separate else None, None)
        directory.chmod(0o700)
    for directory, program, group in shared:
        shutil.rmtree(directory, ignore_errors=True)
        if program not in programs:
            continue
        directory.mkdir()
        _give(directory, program if isolation.separate else None, group if isolation.separate else None)
        # After chown, which takes the bit away. Without isolation nobody else has a reason to come in.
        directory.chmod(0o2750 if isolation.separate else 0o700)


def needs_capability(ports: tuple[int, ...]) -> bool:
    """Whether a system user may listen on one of these ports only with a capability."""
    first_free = int(_FIRST_FREE_PORT.read_text())
    return any(0 < port < first_free for port in ports)


def listening_as(user: str, command: list[str]) -> list[str]:
    """What root starts so that a command runs as a user who may listen on every port.

    Of root's capabilities it keeps CAP_NET_BIND_SERVICE alone, and can gain no other.
    """
    kept = "-all,+net_bind_service"
    identity = [f"--reuid={user}", f"--regid={user}", "--init-groups"]
    capabilities = [f"--bounding-set={kept}", f"--inh-caps={kept}", f"--ambient-caps={kept}"]
    return ["setpriv", *identity, *capabilities, *command]


def _give(path: Path, user: str | None, group: str | None) -> None:
    """Changes the owner; None stands for the one who starts. The group is the user's own unless told."""
    if user is None:
        if os.geteuid() == 0:
            os.chown(path, 0, 0, follow_symlinks=False)
        return
    account = pwd.getpwnam(user)
    group_id = grp.getgrnam(group).gr_gid if group else account.pw_gid
    os.chown(path, account.pw_uid, group_id, follow_symlinks=False)


def _create_accounts(programs: tuple[str, ...]) -> None:
    existing = {entry.gr_name for entry in grp.getgrall()}
    for group in (MEDIA, SIGNAL, ADMIN):
        if group not in existing:
            subprocess.run(["groupadd", "--system", group], check=True)
    users = {entry.pw_name for entry in pwd.getpwall()}
    for user in programs:
        groups = MEMBERSHIPS[user]
        listed = ",".join(groups)
        if user not in users:
            # A user without a home, a shell or a password; with a group of its own.
            options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
            shell = shutil.which("nologin") or "/usr/sbin/nologin"
            supplementary = ["--groups", listed] if listed else []
            subprocess.run(["useradd", *options, "--shell", shell, *supplementary, user], check=True)
        elif any(user not in grp.getgrnam(group).gr_mem for group in groups):
            subprocess.run(["usermod", "--append", "--groups", listed, user], check=True)


def _blocked_path(layout: Layout, programs: tuple[str, ...]) -> str:
    """What the system users cannot use: the interpreter, the code or the state; empty when they can use all."""
    tried = {
        f"the interpreter {Path(sys.executable).resolve()}": [sys.executable, "-c", ""],
        f"the code below {Path(__file__).parents[4]}": [sys.executable, "-c", f"import conclave.core, {__name__}"],
        f"the state below {layout.state}": ["test", "-x", str(layout.run)],
    }
    for what, command in tried.items():
        for user in programs:
            account = pwd.getpwnam(user)
            try:
                result = subprocess.run(
                    command, user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/", capture_output=True
                )
            except PermissionError:
                return what
            if result.returncode != 0:
                return what
    return ""
