"""Between the rules and the messages of `conclave.v1`."""

from __future__ import annotations

from collections.abc import Iterable

from conclave.services.content.errors import ContentClosed, ContentGone, ContentLimit, RecipientGone, RevisionTaken
from conclave.services.domain.errors import InvalidArgument, PermissionDenied, ServiceError, Unavailable
from conclave.services.domain.roles import Role
from conclave.services.files.errors import (
    FileGone,
    FileTooLarge,
    StorageFull,
    TokenInvalid,
    TooManyTransfers,
    TooManyUploads,
)
from conclave.services.invites.errors import InviteExpired, InviteInvalid, InviteRevoked
from conclave.services.media.errors import CoreExhausted
from conclave.services.meetings.errors import (
    HandsSealed,
    LastHost,
    MeetingLocked,
    MeetingOver,
    MembersOnly,
    ParticipantNotFound,
    RemovedBefore,
    RoomFull,
    SessionLost,
    TooManyReports,
)
from conclave.services.meetings.model import EndReason, Quality, QualityLevel, QualityReason, SourceKind
from conclave.services.mls.errors import EntersTooOften, GroupRetired, HandshakeRefused, NotYourLeaf, WrongEpoch
from conclave.services.sdp.errors import SdpInvalid
from conclave.services.signalling.codecs import VideoCodec
from conclave.services.signalling.errors import DeviceOnly, MediaGone, RequestInvalid, TooManyProbes, VersionMismatch
from conclave.services.signalling.slots import SlotView
from conclave.v1 import meetings_pb2, rooms_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = [
    "ended_message",
    "error_message",
    "layers_message",
    "quality_from_proto",
    "role_from_proto",
    "slots_message",
    "slots_to_proto",
    "source_kind_from_proto",
]

# The first class that fits.
CODES: tuple[tuple[type[ServiceError], pb.ErrorCode.ValueType], ...] = (
    (VersionMismatch, pb.ERROR_CODE_VERSION_MISMATCH),
    (InviteInvalid, pb.ERROR_CODE_INVITE_INVALID),
    (InviteExpired, pb.ERROR_CODE_INVITE_EXPIRED),
    (InviteRevoked, pb.ERROR_CODE_INVITE_REVOKED),
    (RoomFull, pb.ERROR_CODE_ROOM_FULL),
    (SessionLost, pb.ERROR_CODE_SESSION_LOST),
    (MeetingOver, pb.ERROR_CODE_SESSION_LOST),
    (MeetingLocked, pb.ERROR_CODE_MEETING_LOCKED),
    (MembersOnly, pb.ERROR_CODE_MEMBERS_ONLY),
    (RemovedBefore, pb.ERROR_CODE_REMOVED),
    (WrongEpoch, pb.ERROR_CODE_STALE_EPOCH),
    (HandshakeRefused, pb.ERROR_CODE_HANDSHAKE_REFUSED),
    (NotYourLeaf, pb.ERROR_CODE_HANDSHAKE_REFUSED),
    (GroupRetired, pb.ERROR_CODE_GROUP_RETIRED),
    (DeviceOnly, pb.ERROR_CODE_INVITE_INVALID),
    (LastHost, pb.ERROR_CODE_INVALID_REQUEST),
    (HandsSealed, pb.ERROR_CODE_INVALID_REQUEST),
    (ParticipantNotFound, pb.ERROR_CODE_INVALID_REQUEST),
    (ContentGone, pb.ERROR_CODE_INVALID_REQUEST),
    (RecipientGone, pb.ERROR_CODE_INVALID_REQUEST),
    (RevisionTaken, pb.ERROR_CODE_INVALID_REQUEST),
    (ContentClosed, pb.ERROR_CODE_INVALID_REQUEST),
    (ContentLimit, pb.ERROR_CODE_LIMIT_EXCEEDED),
    (FileTooLarge, pb.ERROR_CODE_FILE_TOO_LARGE),
    (StorageFull, pb.ERROR_CODE_STORAGE_FULL),
    (TooManyUploads, pb.ERROR_CODE_TOO_MANY_UPLOADS),
    (TooManyTransfers, pb.ERROR_CODE_LIMIT_EXCEEDED),
    (FileGone, pb.ERROR_CODE_FILE_GONE),
    (TokenInvalid, pb.ERROR_CODE_SESSION_LOST),
    (SdpInvalid, pb.ERROR_CODE_SDP_INVALID),
    (TooManyReports, pb.ERROR_CODE_LIMIT_EXCEEDED),
    (CoreExhausted, pb.ERROR_CODE_LIMIT_EXCEEDED),
    (TooManyProbes, pb.ERROR_CODE_LIMIT_EXCEEDED),
    (EntersTooOften, pb.ERROR_CODE_LIMIT_EXCEEDED),
    (MediaGone, pb.ERROR_CODE_UNAVAILABLE),
    (Unavailable, pb.ERROR_CODE_UNAVAILABLE),
    (PermissionDenied, pb.ERROR_CODE_PERMISSION_DENIED),
    (InvalidArgument, pb.ERROR_CODE_INVALID_REQUEST),
)


def error_message(error: ServiceError, request_id: int) -> pb.ServerMessage:
    """The answer to a request that failed; request_id 0 to say why the connection closes."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), pb.ERROR_CODE_INTERNAL)
    return pb.ServerMessage(request_id=request_id, error=pb.Error(code=code, message=str(error)))


def ended_message(reason: EndReason) -> pb.ServerMessage:
    """Tells a client that the meeting is over for it."""
    return pb.ServerMessage(meeting_ended=pb.MeetingEnded(reason=meetings_pb2.EndReason.ValueType(reason.value)))


def slots_to_proto(slots: Iterable[SlotView]) -> list[pb.Slot]:
    """Slots as the client is told of them."""
    return [pb.Slot(mid=slot.mid, audio=slot.audio, source_id=slot.source_id, layer=slot.layer) for slot in slots]


def slots_message(slots: Iterable[SlotView]) -> pb.ServerMessage:
    """Tells a client that slots show something else."""
    return pb.ServerMessage(slots_changed=pb.SlotsChanged(slots=slots_to_proto(slots)))


def layers_message(kind: SourceKind, layers: Iterable[int], codec: VideoCodec) -> pb.ServerMessage:
    """Tells a client which layers of one of its pictures are looked at, and in what it is to be sent."""
    wanted = pb.LayersWanted(
        kind=meetings_pb2.SourceKind.ValueType(kind.value),
        layers=sorted(layers),
        codec=pb.VideoCodec.ValueType(codec),
    )
    return pb.ServerMessage(layers_wanted=wanted)


def source_kind_from_proto(value: int) -> SourceKind:
    """A source's kind. Raises RequestInvalid for one that this version does not know."""
    try:
        return SourceKind(value)
    except ValueError:
        raise RequestInvalid(
            "a source has no kind that this appliance knows; name microphone, camera or screen"
        ) from None


def quality_from_proto(quality: meetings_pb2.ConnectionQuality) -> Quality:
    """How good a connection is. Raises RequestInvalid for what this version does not know."""
    try:
        return Quality(QualityLevel(quality.level), QualityReason(quality.reason), quality.camera_paused)
    except ValueError:
        raise RequestInvalid("the quality has a level or a reason that this appliance does not know") from None


def role_from_proto(value: int) -> Role:
    """A role. Raises RequestInvalid for one that this version does not know."""
    if value not in (rooms_pb2.ROLE_HOST, rooms_pb2.ROLE_PARTICIPANT):
        raise RequestInvalid("this appliance knows the roles host and participant; name one of them")
    return Role(value)
