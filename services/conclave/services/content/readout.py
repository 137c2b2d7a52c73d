"""Reads rows back as records within one unit of work: names and keys are fetched once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclave.services.content.model import Deletion, Record
from conclave.services.content.models import ContentKeyRow
from conclave.services.content.wire import body_from_octets
from conclave.services.domain.content import KINDS, ContentKind
from conclave.services.meetings.models import ParticipantRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from conclave.services.content.attached import AttachedFiles
    from conclave.services.content.models import ContentRow
    from conclave.services.content.vault import ContentVault, MeetingKey
    from conclave.services.domain.data_classes import DataClass

__all__ = ["Readout"]


class Readout:
    """The content of one meeting, in the clear."""

    def __init__(
        self, session: Session, vault: ContentVault, attached: AttachedFiles, tenant_id: str, meeting_id: str
    ) -> None:
        self._session = session
        self._attached = attached
        self._vault = vault
        self._tenant_id = tenant_id
        self._meeting_id = meeting_id
        self._keys: dict[DataClass, MeetingKey] = {}
        self._names: dict[str, str] = {}

    def key(self, kind: ContentKind) -> MeetingKey:
        """The meeting's key for a kind's data class, made when it is first needed."""
        data_class = KINDS[kind].data_class
        if data_class not in self._keys:
            self._keys[data_class] = self._fetch(data_class)
        return self._keys[data_class]

    def record(self, row: ContentRow) -> Record:
        """An object as it is now."""
        kind, body = ContentKind(row.kind), None
        if row.payload is not None:
            body = body_from_octets(kind, row.sealed, self.key(kind).open(row.id, row.revision, bytes(row.payload)))
        return Record(
            id=row.id,
            kind=kind,
            sequence=row.sequence,
            first_sequence=row.first_sequence,
            revision=row.revision,
            sender_id=row.sender_id,
            sender_person=row.sender_person,
            sender_name=self._name(row.sender_id),
            recipient_id=row.recipient_id or "",
            recipient_person=row.recipient_person or "",
            recipient_name=self._name(row.recipient_id) if row.recipient_id else "",
            create_time=row.create_time,
            change_time=row.change_time,
            deletion=Deletion(row.deletion),
            delivered=row.delivered,
            body=body,
            parent_id=row.parent_id or "",
            closed=row.closed,
            file_ids=self._attached.of(self._session, self._meeting_id, row.id) if KINDS[kind].files else (),
        )

    def _fetch(self, data_class: DataClass) -> MeetingKey:
        row = self._session.get(ContentKeyRow, (self._tenant_id, self._meeting_id, int(data_class)))
        if row is not None:
            return self._vault.unwrap(self._meeting_id, data_class, bytes(row.wrapped_key))
        key, wrapped = self._vault.make(self._meeting_id, data_class)
        self._session.add(
            ContentKeyRow(
                tenant_id=self._tenant_id,
                meeting_id=self._meeting_id,
                data_class=int(data_class),
                wrapped_key=wrapped,
            )
        )
        return key

    def _name(self, participant_id: str) -> str:
        if participant_id not in self._names:
            row = self._session.get_one(ParticipantRow, (self._tenant_id, participant_id))
            self._names[participant_id] = row.display_name
        return self._names[participant_id]
