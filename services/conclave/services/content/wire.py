"""Between objects and the messages of `conclave.v1`, which are also how objects are written before encryption."""

from __future__ import annotations

from collections.abc import Iterable

from conclave.services.content.errors import ContentInvalid
from conclave.services.content.model import ContentPage, Draft, Record
from conclave.services.domain.content import (
    KINDS,
    MAX_OBJECT_SIZE,
    Body,
    ClearBody,
    ContentKind,
    Line,
    Sealed,
    Sign,
    SignName,
)
from conclave.services.domain.files import Preview, SharedFile
from conclave.services.domain.identifiers import decode_random_id
from conclave.services.domain.polls import Poll, Vote
from conclave.v1 import content_pb2 as pb
from conclave.v1 import data_class_pb2

__all__ = ["body_from_octets", "body_to_octets", "draft_from_proto", "page_to_proto", "record_to_proto"]


def draft_from_proto(request: pb.SendContent) -> Draft:
    """What a client wants to share. Raises ContentInvalid and InvalidArgument."""
    named = filter(None, [request.recipient_participant_id, request.parent_id])
    for identifier in (request.id, *named, *request.file_ids):
        decode_random_id(identifier)
    kind = _kind(request.kind)
    size = len(request.sealed) if request.HasField("sealed") else request.clear.ByteSize()
    if size > MAX_OBJECT_SIZE:
        raise ContentInvalid(f"an object has at most {MAX_OBJECT_SIZE} bytes; this one has {size}")
    match request.WhichOneof("body"):
        case "sealed":
            body: Body = Sealed(request.sealed)
        case "clear":
            clear = request.clear
            if _label(clear) != _label(request):
                raise ContentInvalid("what is said of the object within it is other than beside it")
            if clear.data_class != int(KINDS[kind].data_class):
                raise ContentInvalid("the object's data class is not its kind's")
            body = _body(kind, clear)
        case None:
            raise ContentInvalid("the object is missing")
    return Draft(
        request.id,
        kind,
        request.revision,
        request.recipient_participant_id,
        body,
        request.parent_id,
        request.closed,
        tuple(request.file_ids),
    )


def body_to_octets(draft: Draft) -> bytes:
    """The object as it is kept: a serialised ContentObject, or what its members sealed."""
    if isinstance(draft.body, Sealed):
        return draft.body.octets
    return _clear(draft, draft.body).SerializeToString()


def body_from_octets(kind: ContentKind, sealed: bool, octets: bytes) -> Body:
    """Reads what body_to_octets wrote."""
    return Sealed(octets) if sealed else _body(kind, pb.ContentObject.FromString(octets))


def record_to_proto(record: Record, own: bool) -> pb.ContentRecord:
    """A record as one client is told of it."""
    message = pb.ContentRecord(
        sequence=record.sequence,
        first_sequence=record.first_sequence,
        id=record.id,
        kind=pb.ContentKind.ValueType(record.kind.value),
        revision=record.revision,
        sender_participant_id=record.sender_id,
        sender_display_name=record.sender_name,
        own=own,
        recipient_participant_id=record.recipient_id,
        recipient_display_name=record.recipient_name,
        create_time_ms=int(record.create_time.timestamp() * 1000),
        deletion=pb.ContentDeletion.ValueType(record.deletion.value),
        delivered=record.delivered,
        parent_id=record.parent_id,
        closed=record.closed,
        file_ids=record.file_ids,
    )
    match record.body:
        case Sealed(octets):
            message.sealed = octets
        case None:
            pass
        case body:
            message.clear.CopyFrom(_clear(record, body))
    return message


def page_to_proto(page: ContentPage) -> pb.ContentPage:
    """A page as the client that asked is told it."""
    return pb.ContentPage(records=_records(page), more=page.more)


def _records(page: ContentPage) -> Iterable[pb.ContentRecord]:
    return [record_to_proto(record, record.sender_person == page.person) for record in page.records]


def _kind(value: int) -> ContentKind:
    try:
        return ContentKind(value)
    except ValueError:
        raise ContentInvalid("this appliance does not know this kind of object; reload the page") from None


def _body(kind: ContentKind, clear: pb.ContentObject) -> ClearBody:
    match kind, clear.WhichOneof("content"):
        case ContentKind.CHAT, "chat":
            return Line(clear.chat.text)
        case ContentKind.REACTION, "reaction":
            try:
                return Sign(SignName(clear.reaction.sign))
            except ValueError:
                raise ContentInvalid("this appliance does not know this sign; reload the page") from None
        case ContentKind.POLL, "poll":
            return Poll(clear.poll.question, tuple(clear.poll.options), clear.poll.multiple)
        case ContentKind.POLL_VOTE, "poll_vote":
            return Vote(clear.poll_vote.question, tuple(clear.poll_vote.options))
        case ContentKind.FILE, "file":
            return _file(clear.file)
        case ContentKind.HAND, _:
            raise ContentInvalid("in a managed room a hand is raised with SetHand")
    raise ContentInvalid("the object does not hold what its kind has")


def _label(of: pb.ContentObject | pb.SendContent) -> tuple[int, str, int, str, bool]:
    return of.kind, of.id, of.revision, of.parent_id, of.closed


def _clear(of: Draft | Record, body: ClearBody) -> pb.ContentObject:
    message = pb.ContentObject(
        kind=pb.ContentKind.ValueType(of.kind.value),
        data_class=data_class_pb2.DataClass.ValueType(KINDS[of.kind].data_class.value),
        id=of.id,
        revision=of.revision,
        parent_id=of.parent_id,
        closed=of.closed,
    )
    match body:
        case Line(text):
            message.chat.text = text
        case Sign(name):
            message.reaction.sign = pb.ReactionSign.ValueType(name.value)
        case Poll(question, options, multiple):
            message.poll.CopyFrom(pb.Poll(question=question, options=options, multiple=multiple))
        case Vote(question, options):
            message.poll_vote.CopyFrom(pb.PollVote(question=question, options=options))
        case SharedFile():
            message.file.CopyFrom(_file_to_proto(body))
    return message


def _file(message: pb.SharedFile) -> SharedFile:
    preview = None
    if message.HasField("preview"):
        shown = message.preview
        preview = Preview(shown.data, shown.media_type, shown.width, shown.height)
    return SharedFile(message.file_id, message.name, message.media_type, message.size, message.content_key, preview)


def _file_to_proto(file: SharedFile) -> pb.SharedFile:
    message = pb.SharedFile(
        file_id=file.file_id,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        content_key=file.content_key,
    )
    if file.preview is not None:
        shown = file.preview
        message.preview.CopyFrom(
            pb.FilePreview(data=shown.data, media_type=shown.media_type, width=shown.width, height=shown.height)
        )
    return message
