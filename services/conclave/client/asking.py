"""What the parts of a client ask the appliance through, and the request that is the same for all that people share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from conclave.v1 import content_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Ask", "send_object"]

# Sends a request and returns its answer; see `Session.ask`.
Ask = Callable[[pb.ClientMessage], Awaitable[pb.ServerMessage]]


async def send_object(
    ask: Ask, clear: content_pb2.ContentObject, recipient_id: str = "", file_ids: Sequence[str] = ()
) -> None:
    """Shares an object with everybody, or with one participant alone. Raises Refused.

    What the appliance reads beside the object is as within it, or it refuses.
    """
    request = content_pb2.SendContent(
        id=clear.id,
        kind=clear.kind,
        revision=clear.revision,
        recipient_participant_id=recipient_id,
        file_ids=file_ids,
        clear=clear,
    )
    await ask(pb.ClientMessage(send_content=request))
