"""`conclave status`."""

from __future__ import annotations

import typer
from google.protobuf.json_format import MessageToDict
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from conclave.services.appliance.errors import NotRunning, StartFailed
from conclave.services.appliance.supervision import ProcessState, process_states
from conclave.services.cli.session import CALL_SECONDS, AsJson, Session, State, open_session
from conclave.v1 import system_pb2, system_pb2_grpc

__all__ = ["status"]


def status(context: typer.Context, state: State = None, as_json: AsJson = False) -> None:
    """Tell how the appliance is."""
    with open_session(context, state, as_json) as session:
        stub = system_pb2_grpc.SystemServiceStub(session.channel)
        found = stub.GetStatus(system_pb2.GetStatusRequest(), timeout=CALL_SECONDS)
        supervised = _supervised(session)
        if session.as_json:
            values = MessageToDict(found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
            processes = [{"name": each.name, "state": each.state, "pid": each.pid} for each in supervised]
            session.answer_values({**values, "supervised": processes})
        else:
            Console(highlight=False).print(_report(found, supervised))
        running = all(process.state == "RUNNING" for process in supervised)
        if not running or not all(process.healthy for process in found.processes):
            raise typer.Exit(1)


def _supervised(session: Session) -> list[ProcessState]:
    """What the supervisor tells to its owner; nothing to others, or when something else supervises."""
    try:
        return process_states(session.layout)
    except (NotRunning, StartFailed):
        return []


def _report(found: system_pb2.Status, supervised: list[ProcessState]) -> Group:
    by_name = {process.name: process for process in supervised}
    processes = Table("Process", "Health", "Runs", "", box=None, pad_edge=False)
    for process in found.processes:
        health = "[green]healthy[/]" if process.healthy else "[red]not healthy[/]"
        detail = by_name[process.name].detail if process.name in by_name else ""
        processes.add_row(process.name, health, escape(detail), escape(process.detail))
    # Control does not look at the gateway, which looks at control.
    known = {process.name for process in found.processes}
    for runs in (process for process in supervised if process.name not in known):
        state = "[green]running[/]" if runs.state == "RUNNING" else f"[red]{runs.state.lower()}[/]"
        processes.add_row(runs.name, state, escape(runs.detail), "")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Deployment", found.deployment_id)
    facts.add_row("Identity key", found.identity_key.hex())
    facts.add_row("Fingerprint", found.identity_fingerprint)
    facts.add_row("Version", found.version)
    facts.add_row("Meetings", f"{found.meetings} with {found.participants} participants")
    if found.HasField("core"):
        core = found.core
        offload = "in groups (UDP_SEGMENT)" if core.segmentation_offload else "one by one"
        facts.add_row("Media core", f"packet crypto {core.crypto_backend}, sends {offload}")
        facts.add_row("Media ports", ", ".join(map(str, core.udp_ports)))
        facts.add_row("Packets", f"{core.packets_received} received, {core.packets_sent} sent")
        dropped = ", ".join(f"{reason} {count}" for reason, count in sorted(core.packets_dropped.items()) if count)
        facts.add_row("Dropped", dropped or "none")
    else:
        facts.add_row("Media core", "[red]cannot be reached[/]")
    return Group(facts, "", processes)
