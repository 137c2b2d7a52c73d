"""Appends to the audit log inside the transaction of the act, and checks what was appended.

Each entry is the leaf of a Merkle tree to come (RFC 6962 section 2.1): the tree, its checkpoints and proofs are built
over these leaf hashes without touching a row.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conclave.services.audit.models import AuditRow
from conclave.services.state.clock import Clock

__all__ = ["Act", "AuditEntry", "AuditLog", "AuditSink", "BrokenAuditLog", "leaf_hash", "verify_entries"]


class Act(Enum):
    """The sensitive acts."""

    ROOM_CREATED = "room.created"
    ROOM_UPDATED = "room.updated"
    ROOM_DELETED = "room.deleted"
    INVITE_CREATED = "invite.created"
    INVITE_REVOKED = "invite.revoked"
    MEETING_STARTED = "meeting.started"
    MEETING_ENDED = "meeting.ended"
    PARTICIPANT_JOINED = "participant.joined"
    PARTICIPANT_LEFT = "participant.left"
    PARTICIPANT_REMOVED = "participant.removed"
    PARTICIPANT_ADMITTED = "participant.admitted"
    PARTICIPANT_TURNED_AWAY = "participant.turned-away"
    PARTICIPANT_ROLE_CHANGED = "participant.role-changed"
    MEETING_LOCKED = "meeting.locked"
    MEETING_UNLOCKED = "meeting.unlocked"
    CONTENT_REMOVED = "content.removed"
    CONTENT_ERASED = "content.erased"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry. Names no person in the clear: `actor` and `resource` hold identifiers only."""

    tenant_id: str
    sequence: int
    time: datetime
    act: str
    actor: str
    resource: str
    subject_id: str | None


class AuditSink(Protocol):
    """Where sensitive acts are told. If it raises, the act does not happen: both are one transaction."""

    def record(self, session: Session, act: Act, actor: str, resource: str, subject_id: str | None = None) -> None:
        """Appends one entry. Call it inside the unit of work that does the act."""


class BrokenAuditLog(Exception):
    """An entry is missing, altered or out of order."""


class AuditLog:
    """The sink that writes to the database."""

    def __init__(self, tenant_id: str, clock: Clock) -> None:
        self._tenant_id = tenant_id
        self._clock = clock

    def record(self, session: Session, act: Act, actor: str, resource: str, subject_id: str | None = None) -> None:
        """Appends one entry under the next sequence number."""
        last = session.scalar(select(func.max(AuditRow.sequence)).where(AuditRow.tenant_id == self._tenant_id))
        entry = AuditEntry(
            tenant_id=self._tenant_id,
            sequence=0 if last is None else last + 1,
            time=self._clock(),
            act=act.value,
            actor=actor,
            resource=resource,
            subject_id=subject_id,
        )
        session.add(
            AuditRow(
                tenant_id=entry.tenant_id,
                sequence=entry.sequence,
                time=entry.time,
                act=entry.act,
                actor=entry.actor,
                resource=entry.resource,
                subject_id=entry.subject_id,
                leaf_hash=leaf_hash(entry),
            )
        )
        # Written now, so that a later entry of the same transaction sees this one's sequence number.
        session.flush()


def leaf_hash(entry: AuditEntry) -> bytes:
    """SHA-256(0x00 || leaf), RFC 6962 section 2.1; the leaf is JSON with sorted keys and no spaces."""
    leaf = json.dumps(
        {
            "act": entry.act,
            "actor": entry.actor,
            "resource": entry.resource,
            "sequence": entry.sequence,
            "subject_id": entry.subject_id,
            "tenant_id": entry.tenant_id,
            "time": entry.time.isoformat(timespec="microseconds"),
            "version": 1,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(b"\x00" + leaf.encode()).digest()


def verify_entries(session: Session, tenant_id: str) -> int:
    """Returns how many entries there are. Raises BrokenAuditLog at the first that is missing or altered."""
    rows = session.scalars(select(AuditRow).where(AuditRow.tenant_id == tenant_id).order_by(AuditRow.sequence))
    count = 0
    for row in rows:
        if row.sequence != count:
            raise BrokenAuditLog(f"entry {count} is missing")
        entry = AuditEntry(row.tenant_id, row.sequence, row.time, row.act, row.actor, row.resource, row.subject_id)
        if leaf_hash(entry) != bytes(row.leaf_hash):
            raise BrokenAuditLog(f"entry {count} was altered")
        count += 1
    return count
