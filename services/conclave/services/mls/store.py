"""Groups in the database. Each change is one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from conclave.services.mls.errors import HandshakeRefused, NotYourLeaf, WrongEpoch
from conclave.services.mls.group import Entry, Group
from conclave.services.mls.models import EntrantRow, GroupRow, HandshakeRow, LeafRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from conclave.services.mls.assembly import Assembly
    from conclave.services.state.store import Store

# Of one answer to a member who has missed some.
MAX_ENTRIES = 100

__all__ = ["Missed", "Sent", "SqlGroupStore", "StoredAssembly"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A handshake on its way into the stream. welcome: empty when it adds nobody."""

    entry: Entry
    participant_id: str
    subject_id: str
    welcome: bytes = b""


@dataclass(slots=True)
class StoredAssembly:
    """What a restart finds of a meeting's groups."""

    group: Group | None = None
    waiting: dict[str, bytes] = field(default_factory=dict)
    refresh_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """What a member asks to be told again. added: the entry of its Welcome, with that Welcome in `welcome`."""

    added: Entry | None
    welcome: bytes
    entries: tuple[Entry, ...]
    more: bool


class SqlGroupStore:
    """What DeliveryService keeps, through SQLAlchemy."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tenant_id = store.tenant_id

    async def load(self, going_on: set[str]) -> dict[str, StoredAssembly]:
        """The groups of the meetings that go on. What is left of others is deleted."""

        def work(session: Session) -> dict[str, StoredAssembly]:
            held = {*session.scalars(select(GroupRow.meeting_id)), *session.scalars(select(EntrantRow.meeting_id))}
            for meeting_id in held - going_on:
                self._forget(session, meeting_id)
            return {meeting_id: self._load(session, meeting_id) for meeting_id in held & going_on}

        return await self._store.run(work)

    def _load(self, session: Session, meeting_id: str) -> StoredAssembly:
        stored = StoredAssembly()
        of_meeting = (EntrantRow.tenant_id == self._tenant_id, EntrantRow.meeting_id == meeting_id)
        for entrant in session.scalars(select(EntrantRow).where(*of_meeting).order_by(EntrantRow.position)):
            stored.waiting[entrant.participant_id] = entrant.key_package
        row = session.scalar(
            select(GroupRow).where(
                GroupRow.tenant_id == self._tenant_id, GroupRow.meeting_id == meeting_id, ~GroupRow.retired
            )
        )
        if row is None:
            return stored
        leaves = session.scalars(select(LeafRow).where(*self._in_group(LeafRow, row.id))).all()
        stored.group = Group(
            bytes(row.id),
            {leaf.leaf: leaf.participant_id for leaf in leaves},
            row.epoch,
            row.sequence,
            leaving={leaf.leaf for leaf in leaves if leaf.leaving},
        )
        proposals = select(HandshakeRow.message).where(
            *self._in_group(HandshakeRow, row.id), HandshakeRow.epoch == row.epoch, ~HandshakeRow.commit
        )
        stored.group.restore_proposals(session.scalars(proposals.order_by(HandshakeRow.sequence)))
        stored.refresh_time = row.refresh_time
        return stored

    async def save(
        self,
        meeting_id: str,
        before: Assembly,
        after: Assembly,
        subjects: Mapping[str, str],
        refresh_time: datetime,
        sent: Sent | None = None,
    ) -> None:
        """Stores how a meeting's groups changed, with the handshake that changed them.

        subjects: of those who are in the meeting. Raises WrongEpoch when another handshake came first, and
        HandshakeRefused for a new group with an old one's id.
        """

        def work(session: Session) -> None:
            old, new = before.group, after.group
            if old is not None and (new is None or new.group_id != old.group_id):
                self._retire(session, old)
            if new is not None and (old is None or new.group_id != old.group_id):
                self._found(session, meeting_id, new, refresh_time)
            elif new is not None and sent is not None:
                self._append(session, new, sent, refresh_time)
            if new is not None:
                kept = old if old is not None and old.group_id == new.group_id else None
                self._save_leaves(session, kept, new, subjects, sent)
            self._save_entrants(session, meeting_id, before.waiting, after.waiting, subjects)

        await self._store.run(work)

    def _retire(self, session: Session, group: Group) -> None:
        for table in (HandshakeRow, LeafRow):
            session.execute(delete(table).where(*self._in_group(table, group.group_id)))
        # The id stays known while the meeting lasts: no group comes back.
        retired = update(GroupRow).where(GroupRow.tenant_id == self._tenant_id, GroupRow.id == group.group_id)
        session.execute(retired.values(retired=True))

    def _found(self, session: Session, meeting_id: str, group: Group, refresh_time: datetime) -> None:
        if session.get(GroupRow, (self._tenant_id, group.group_id)) is not None:
            raise HandshakeRefused("this group has been before; found one with another id")
        session.execute(
            insert(GroupRow).values(
                tenant_id=self._tenant_id,
                id=group.group_id,
                meeting_id=meeting_id,
                epoch=group.epoch,
                sequence=group.sequence,
                retired=False,
                refresh_time=refresh_time,
            )
        )

    def _append(self, session: Session, group: Group, sent: Sent, refresh_time: datetime) -> None:
        entry = sent.entry
        moved = session.scalar(
            update(GroupRow)
            .where(
                GroupRow.tenant_id == self._tenant_id,
                GroupRow.id == group.group_id,
                GroupRow.epoch == entry.epoch,
                GroupRow.sequence == entry.sequence - 1,
                ~GroupRow.retired,
            )
            .values(epoch=group.epoch, sequence=entry.sequence, refresh_time=refresh_time)
            .returning(GroupRow.id)
        )
        if moved is None:
            raise WrongEpoch("another handshake came first")
        session.execute(
            insert(HandshakeRow).values(
                tenant_id=self._tenant_id,
                group_id=group.group_id,
                sequence=entry.sequence,
                epoch=entry.epoch,
                commit=entry.commit,
                participant_id=sent.participant_id,
                subject_id=sent.subject_id,
                message=entry.message,
                welcome=sent.welcome or None,
            )
        )

    def _save_leaves(
        self, session: Session, old: Group | None, new: Group, subjects: Mapping[str, str], sent: Sent | None
    ) -> None:
        joined = () if sent is None else sent.entry.joined
        before = {} if old is None else old.leaves
        made = [leaf for leaf, owner in new.leaves.items() if before.get(leaf) != owner or owner in joined]
        gone = [leaf for leaf in before if leaf not in new.leaves or leaf in made]
        in_group = self._in_group(LeafRow, new.group_id)
        if gone:
            session.execute(delete(LeafRow).where(*in_group, LeafRow.leaf.in_(gone)))
        for leaf in made:
            session.execute(
                insert(LeafRow).values(
                    tenant_id=self._tenant_id,
                    group_id=new.group_id,
                    leaf=leaf,
                    participant_id=new.leaves[leaf],
                    subject_id=subjects[new.leaves[leaf]],
                    sequence=0 if sent is None else sent.entry.sequence,
                    leaving=False,
                )
            )
        if new.leaving:
            leaving = update(LeafRow).where(*in_group, LeafRow.leaf.in_(new.leaving))
            session.execute(leaving.values(leaving=True))

    def _save_entrants(
        self,
        session: Session,
        meeting_id: str,
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
        subjects: Mapping[str, str],
    ) -> None:
        if list(before.items()) == list(after.items()):
            return
        gone = delete(EntrantRow).where(EntrantRow.tenant_id == self._tenant_id, EntrantRow.meeting_id == meeting_id)
        session.execute(gone)
        for position, (participant_id, key_package) in enumerate(after.items()):
            session.execute(
                insert(EntrantRow).values(
                    tenant_id=self._tenant_id,
                    meeting_id=meeting_id,
                    participant_id=participant_id,
                    subject_id=subjects[participant_id],
                    position=position,
                    key_package=key_package,
                )
            )

    async def missed(self, group_id: bytes, participant_id: str, after_sequence: int, limit: int) -> Missed:
        """A member's Welcome, if it came after an entry, and the stream after both, in pieces of some bytes.

        Raises NotYourLeaf.
        """

        def work(session: Session) -> Missed:
            leaf_sequence = session.scalar(
                select(LeafRow.sequence).where(
                    *self._in_group(LeafRow, group_id), LeafRow.participant_id == participant_id, ~LeafRow.leaving
                )
            )
            if leaf_sequence is None:
                raise NotYourLeaf("you have no leaf in the group; enter it with a new one")
            in_group = self._in_group(HandshakeRow, group_id)
            added, welcome = None, b""
            if leaf_sequence > after_sequence:
                row = session.scalars(
                    select(HandshakeRow).where(*in_group, HandshakeRow.sequence == leaf_sequence)
                ).one()
                added, welcome = Entry(row.sequence, row.epoch, row.message), row.welcome or b""
            rows = session.scalars(
                select(HandshakeRow)
                .where(*in_group, HandshakeRow.sequence > max(leaf_sequence, after_sequence))
                .order_by(HandshakeRow.sequence)
                .limit(MAX_ENTRIES + 1)
            ).all()
            entries: list[Entry] = []
            size = len(welcome)
            for row in rows[:MAX_ENTRIES]:
                size += len(row.message)
                if size > limit and (entries or added):
                    break
                entries.append(Entry(row.sequence, row.epoch, row.message, commit=row.commit))
            return Missed(added, welcome, tuple(entries), len(entries) < len(rows))

        return await self._store.run(work)

    async def forget(self, meeting_id: str) -> None:
        """Deletes everything about a meeting's groups: it is over."""
        await self._store.run(lambda session: self._forget(session, meeting_id))

    def _forget(self, session: Session, meeting_id: str) -> None:
        for table in (GroupRow, EntrantRow):
            # Leaves and handshakes go with their group.
            session.execute(delete(table).where(table.tenant_id == self._tenant_id, table.meeting_id == meeting_id))

    def _in_group(self, table: type[LeafRow | HandshakeRow], group_id: bytes) -> tuple[ColumnElement[bool], ...]:
        return table.tenant_id == self._tenant_id, table.group_id == group_id
