"""A client of Conclave for programs: joins meetings, sends and receives pictures, sound, chat and files.

    async with await Client.join("https://host/join#TOKEN", name="Alice", authority="ca.pem") as meeting:
        await meeting.chat.send("hello")
        async for event in meeting.events():
            print(event)

It is for rooms in the mode MANAGED, whose protection is between each client and the appliance. END_TO_END rooms are
refused with EndToEndRoom: their keys are agreed upon by MLS in the members' clients, and this one has no MLS of its
own. A client that could be in such a meeting without its group would be the very thing that the mode rules out; the
tests of those rooms use independent MLS libraries, which are no part of this package.

Pictures and sound go through aiortc and PyAV (`pip install conclave[client]`): one layer of VP8, and Opus. Arrays are
NumPy's. Everything belongs to the event loop in which `Client.join` ran; nothing here is safe for other threads.
"""

from __future__ import annotations

from conclave.client.client import Client
from conclave.client.errors import (
    ClientError,
    EndToEndRoom,
    FileDamaged,
    FileRefused,
    InviteExpired,
    InviteInvalid,
    InviteRevoked,
    LimitExceeded,
    LinkInvalid,
    MeetingLocked,
    MeetingOver,
    MembersOnly,
    NameNeeded,
    NotAllowed,
    NotTrusted,
    Refused,
    Removed,
    Replaced,
    RoomFull,
    Unavailable,
    Unreachable,
)
from conclave.client.events import (
    ChatChanged,
    ChatSaid,
    Ended,
    Event,
    EventStream,
    FileShared,
    FileTakenBack,
    HandLowered,
    HandRaised,
    LobbyChanged,
    LockChanged,
    Muted,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    ReactionShown,
    Reconnected,
    Reconnecting,
    RoomChanged,
    SpeakersChanged,
)
from conclave.client.meeting import Meeting
from conclave.client.objects import ChatLine, ReactionSign, SharedFile
from conclave.client.outlets import PictureOutlet, SoundOutlet
from conclave.client.pace import Pace
from conclave.client.people import EndReason, Participant, Role, Room, Source, WaitingPerson, WaitReason
from conclave.client.playback import Playback
from conclave.client.reception import Picture, PictureStream, Sound, SoundStream, TooManyPictures

__all__ = [
    "ChatChanged",
    "ChatLine",
    "ChatSaid",
    "Client",
    "ClientError",
    "EndReason",
    "EndToEndRoom",
    "Ended",
    "Event",
    "EventStream",
    "FileDamaged",
    "FileRefused",
    "FileShared",
    "FileTakenBack",
    "HandLowered",
    "HandRaised",
    "InviteExpired",
    "InviteInvalid",
    "InviteRevoked",
    "LimitExceeded",
    "LinkInvalid",
    "LobbyChanged",
    "LockChanged",
    "Meeting",
    "MeetingLocked",
    "MeetingOver",
    "MembersOnly",
    "Muted",
    "NameNeeded",
    "NotAllowed",
    "NotTrusted",
    "Pace",
    "Participant",
    "ParticipantChanged",
    "ParticipantJoined",
    "ParticipantLeft",
    "Picture",
    "PictureOutlet",
    "PictureStream",
    "Playback",
    "ReactionShown",
    "ReactionSign",
    "Reconnected",
    "Reconnecting",
    "Refused",
    "Removed",
    "Replaced",
    "Role",
    "Room",
    "RoomChanged",
    "RoomFull",
    "SharedFile",
    "Sound",
    "SoundOutlet",
    "SoundStream",
    "Source",
    "SpeakersChanged",
    "TooManyPictures",
    "Unavailable",
    "Unreachable",
    "WaitReason",
    "WaitingPerson",
]
