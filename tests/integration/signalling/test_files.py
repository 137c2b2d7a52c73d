"""Files through the real processes: in parts and ranges, through kills; who may not, and what is left behind."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from clients.files_face import (
    PART,
    Face,
    Sending,
    Stream,
    bearer,
    begin,
    chain_of,
    file_object,
    make_id,
    open_face,
    told,
)
from conclave.v1 import content_pb2, files_pb2, signalling_pb2

SMALL = Stream(PART + 12345, seed=1)


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what the file system shows."""
    for _ in range(1500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not become true")


class Meeting:
    """Two people in a room, and the gateway."""

    def __init__(self, appliance: Any, face: Face, http: aiohttp.ClientSession, tokens: dict[str, str]) -> None:
        self.appliance, self.face, self.http, self.tokens = appliance, face, http, tokens

    @asynccontextmanager
    async def person(self, name: str, role: str = "participant") -> AsyncIterator[Any]:
        async with self.appliance.connect() as client:
            await client.enter(self.tokens[role], name)
            await client.ask(read_content=content_pb2.ReadContent(return_key=hashlib.sha256(name.encode()).digest()))
            yield client

    @property
    def kept(self) -> list[Path]:
        """What is on the disk."""
        return sorted((self.appliance.state / "control" / "files").rglob("*"))

    async def nothing_is_kept(self) -> None:
        await until(lambda: not self.kept)

    async def send(self, client: Any, stream: Stream = SMALL) -> Sending:
        """A whole upload."""
        sending = await begin(client, stream.size)
        for number in range(stream.parts):
            assert await self.face.put(self.http, sending, number, stream.part(number)) == (204, {})
        return sending

    async def share(self, client: Any, recipient: str = "", stream: Stream = SMALL) -> tuple[str, str]:
        """An upload and its object; returns the ids of both."""
        sending, object_id = await self.send(client, stream), make_id()
        answer = await client.ask(send_content=file_object(object_id, sending.file_id, recipient))
        assert answer.HasField("content_sent"), answer
        return sending.file_id, object_id

    async def ticket(self, client: Any, file_id: str) -> bytes:
        answer = await client.ask(open_file=files_pb2.OpenFile(file_id=file_id))
        assert answer.HasField("file_ticket"), answer
        return bytes(answer.file_ticket.token)

    async def read(self, file_id: str, token: bytes, wanted: str = "") -> tuple[int, bytes, Any]:
        headers = {"Authorization": bearer(token), **({"Range": wanted} if wanted else {})}
        async with self.http.get(f"/files/{file_id}", headers=headers) as response:
            if response.status >= 300:
                return response.status, b"", (await told(response), response.headers)
            return response.status, await response.read(), response.headers


@pytest.fixture
async def meeting(appliance: Any) -> AsyncIterator[Meeting]:
    tokens = await appliance.make_room()
    async with open_face(appliance) as face, face.session() as http:
        yield Meeting(appliance, face, http, tokens)


def error(answer: signalling_pb2.ServerMessage) -> str:
    return signalling_pb2.ErrorCode.Name(answer.error.code).removeprefix("ERROR_CODE_")


async def test_a_file_is_sent_in_parts_told_and_read_back_whole_and_in_ranges(meeting: Meeting) -> None:
    async with meeting.person("Ada") as ada, meeting.person("Bo") as bo:
        file_id, object_id = await meeting.share(ada)
        record = (await bo.event(lambda message: message.HasField("content_added"))).content_added.record
        assert (record.id, list(record.file_ids), record.clear.file.name) == (object_id, [file_id], "plan.pdf")
        whole = SMALL.part(0) + SMALL.part(1)
        for reader in (ada, bo):
            token = await meeting.ticket(reader, file_id)
            status, octets, headers = await meeting.read(file_id, token)
            assert (status, octets == whole) == (200, True)
            assert headers["Cache-Control"] == "no-store"
            assert headers["Content-Type"] == "application/octet-stream"
        cases = [
            ("0-0", 0, 1),
            (f"{PART - 3}-{PART + 3}", PART - 3, PART + 4),
            (f"{PART}-", PART, None),
            ("-7", -7, None),
        ]
        for wanted, start, end in cases:
            status, octets, headers = await meeting.read(file_id, token, f"bytes={wanted}")
            assert (status, octets) == (206, whole[start:end])
            assert headers["Content-Range"].endswith(f"/{len(whole)}")
        # Beyond the end; and what is no range of bytes is passed over, several at once included.
        status, _, (problem, headers) = await meeting.read(file_id, token, f"bytes={len(whole)}-")
        assert (status, headers["Content-Range"], problem["status"]) == (416, f"bytes */{len(whole)}", 416)
        for wanted in ("bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=" + "9" * 30 + "-"):
            assert (await meeting.read(file_id, token, wanted))[0] == 200
        # The same object again changes nothing, and another one does not get the file.
        assert (await ada.ask(send_content=file_object(object_id, file_id))).HasField("content_sent")
        assert error(await ada.ask(send_content=file_object(make_id(), file_id))) == "INVALID_REQUEST"


async def test_parts_in_another_order_or_of_another_size_are_refused(meeting: Meeting) -> None:
    async with meeting.person("Ada") as ada:
        sending = await begin(ada, SMALL.size)

        async def put(number: object, body: Any) -> tuple[int, Any]:
            status, problem = await meeting.face.put(meeting.http, sending, number, body)
            return status, problem.get("expected_part")

        assert await put(1, SMALL.part(1)) == (409, 0)
        assert await put(0, SMALL.part(0)[:-1]) == (400, None)
        assert await put(0, SMALL.part(0) + b"x") == (413, None)
        assert await put(0, SMALL.part(0)) == (204, None)
        assert await put(0, SMALL.part(0)) == (204, None)
        assert await put(0, bytes(PART)) == (409, 1)
        assert await put(1, SMALL.part(1) + b"x") == (413, None)
        for number in ("2", "999999"):
            assert await put(number, b"x") == (409, 1)
        for wrong in ("-1", "1.5", "01", "0x1", "1000000000"):
            assert (await put(wrong, b"x"))[0] == 404
        assert error(await ada.ask(send_content=file_object(make_id(), sending.file_id))) == "INVALID_REQUEST"
        assert await put(1, SMALL.part(1)) == (204, None)
        assert await put(2, b"x") == (409, 2)
        again = await begin(ada, SMALL.size, sending.file_id)
        assert (again.received, again.chain) == (2, chain_of([SMALL.part(0), SMALL.part(1)]))
        assert error(await ada.ask(send_content=file_object(make_id(), sending.file_id))) == "UNSPECIFIED"


async def test_a_token_is_good_for_its_file_its_direction_and_its_upload_alone(meeting: Meeting) -> None:
    async with meeting.person("Ada") as ada, meeting.person("Bo") as bo:
        shared, _ = await meeting.share(ada)
        first, second = await begin(ada, SMALL.size), await begin(bo, SMALL.size)
        down = await meeting.ticket(bo, shared)

        async def put(file_id: str, token: bytes, **headers: str) -> int:
            sending = Sending(file_id, SMALL.size, token, 0, b"")
            return (await meeting.face.put(meeting.http, sending, 0, SMALL.part(0), **headers))[0]

        assert await put(first.file_id, second.token) == 403
        assert await put(shared, down) == 403
        assert await put(first.file_id, bytes(32)) == 401
        assert await put(first.file_id, first.token[:-1]) == 401
        assert await put(first.file_id, first.token, Authorization="Basic eDp5") == 401
        assert await put(first.file_id, first.token, Authorization="Bearer " + "é" * 43) == 401
        for file_id in ("A" * 16, "a" * 15, "a" * 17, "a" * 15 + "1"):
            assert await put(file_id, first.token) == 404
        for path in ("..%2f..%2fidentity.key", "%2e%2e", "..%00", "%2fetc%2fpasswd"):
            url = URL(f"https://localhost:{meeting.face.port}/files/{path}", encoded=True)
            async with meeting.http.get(url, headers={"Authorization": bearer(down)}) as response:
                assert response.status == 404
        assert (await meeting.read(first.file_id, first.token))[0] == 403
        assert (await meeting.read(first.file_id, down))[0] == 403
        assert (await meeting.read(shared, bytes(32)))[0] == 401
        # Begun again: the token of before is dead; and nobody goes on with, shares or gives up another's upload.
        renewed = await begin(ada, SMALL.size, first.file_id)
        assert await put(first.file_id, first.token) == 401
        assert await put(first.file_id, renewed.token) == 204
        taken = files_pb2.BeginUpload(file_id=first.file_id, size=SMALL.size)
        assert error(await bo.ask(begin_upload=taken)) == "PERMISSION_DENIED"
        assert error(await bo.ask(send_content=file_object(make_id(), first.file_id))) == "PERMISSION_DENIED"
        cancel = files_pb2.CancelUpload(file_id=first.file_id)
        assert error(await bo.ask(cancel_upload=cancel)) == "PERMISSION_DENIED"
        assert error(await bo.ask(open_file=files_pb2.OpenFile(file_id=first.file_id))) == "FILE_GONE"
        # The meeting's memory of tokens: hashes, and those of this test are none of them.
        assert (await ada.ask(cancel_upload=cancel)).HasField("ack")
        assert await put(first.file_id, renewed.token) == 401


async def test_files_for_one_person_and_from_before_open_for_nobody_else(meeting: Meeting) -> None:
    async with meeting.person("Ada", "host") as ada, meeting.person("Bo") as bo, meeting.person("Cy") as cy:
        private, private_object = await meeting.share(ada, recipient=bo.id)
        shared, shared_object = await meeting.share(ada)
        for reader in (ada, bo):
            token = await meeting.ticket(reader, private)
            assert (await meeting.read(private, token))[0] == 200
        assert error(await cy.ask(open_file=files_pb2.OpenFile(file_id=private))) == "FILE_GONE"
        async with meeting.person("Late") as late:
            assert error(await late.ask(open_file=files_pb2.OpenFile(file_id=shared))) == "FILE_GONE"
        # Deleted: the rows at once, the bytes shortly.
        token = await meeting.ticket(cy, shared)
        assert error(await bo.ask(delete_content=content_pb2.DeleteContent(id=shared_object))) == "PERMISSION_DENIED"
        for object_id in (private_object, shared_object):
            assert (await ada.ask(delete_content=content_pb2.DeleteContent(id=object_id))).HasField("ack")
        assert (await meeting.read(shared, token))[0] == 401
        assert error(await bo.ask(open_file=files_pb2.OpenFile(file_id=private))) == "FILE_GONE"
        page = (await bo.ask(read_content=content_pb2.ReadContent())).content_page
        assert [list(record.file_ids) for record in page.records] == [[], []]
        await meeting.nothing_is_kept()


async def test_a_part_survives_the_death_of_gateway_and_control_or_is_asked_for_again(meeting: Meeting) -> None:
    async with meeting.person("Ada") as ada:
        stream = Stream(3 * PART + 1, seed=2)
        sending = await begin(ada, stream.size)
        assert (await meeting.face.put(meeting.http, sending, 0, stream.part(0)))[0] == 204
        for victim in ("gateway", "control"):
            # In the middle of a part: half of it has come to control when the process dies.
            started = asyncio.Event()

            async def half(number: int, started: asyncio.Event = started) -> AsyncIterator[bytes]:
                yield stream.part(number)[: PART // 2]
                await until(lambda: any("#" in path.name for path in meeting.kept))
                started.set()
                await asyncio.sleep(60)
                yield b""

            number = 1 if victim == "gateway" else 2
            length = {"Content-Length": str(PART)}
            sent = asyncio.create_task(meeting.face.put(meeting.http, sending, number, half(number), **length))
            await started.wait()
            if victim == "gateway":
                await meeting.face.kill()
                with pytest.raises(aiohttp.ClientError):
                    await sent
                await meeting.face.start()
                sending = await begin(ada, stream.size, sending.file_id)
                assert (sending.received, sending.chain) == (1, chain_of([stream.part(0)]))
                assert (await meeting.face.put(meeting.http, sending, 1, stream.part(1)))[0] == 204
            else:
                meeting.appliance.kill("control")
                assert (await sent)[0] == 503
                meeting.appliance.start_control()
        assert any("#" in path.name for path in meeting.kept), "what was being written is there after the kill"
        async with meeting.appliance.connect() as returned:
            await returned.resume(ada.token)
            assert not any("#" in path.name for path in meeting.kept), "and is gone after the start"
            # The token is good for its hour, over the restart.
            for number in (2, 3):
                assert (await meeting.face.put(meeting.http, sending, number, stream.part(number)))[0] == 204
            object_id = make_id()
            assert (await returned.ask(send_content=file_object(object_id, sending.file_id))).HasField("content_sent")
            token = await meeting.ticket(returned, sending.file_id)
            status, octets, _ = await meeting.read(sending.file_id, token)
            assert (status, hashlib.sha256(octets).hexdigest()) == (200, stream.digest())


@pytest.mark.full
async def test_who_is_removed_is_cut_off_in_the_middle_of_a_download(meeting: Meeting) -> None:
    async with meeting.person("Ada", "host") as ada, meeting.person("Mal") as mal:
        stream = Stream(8 * PART, seed=3)
        file_id, _ = await meeting.share(ada, stream=stream)
        token = await meeting.ticket(mal, file_id)
        headers = {"Authorization": bearer(token)}
        unshared = await begin(mal, SMALL.size)
        async with meeting.http.get(f"/files/{file_id}", headers=headers) as response:
            received = len(await response.content.readexactly(100_000))
            assert (await ada.ask(remove=signalling_pb2.Remove(participant_id=mal.id))).HasField("ack")
            with pytest.raises(aiohttp.ClientPayloadError):
                received += len(await response.content.read())
            assert received < stream.size
        assert (await meeting.read(file_id, token))[0] == 401
        assert (await meeting.face.put(meeting.http, unshared, 0, SMALL.part(0)))[0] == 401
        # Their own unfinished upload goes with them, and the file of the others stays.
        assert (await meeting.read(file_id, await meeting.ticket(ada, file_id)))[0] == 200


async def test_one_of_two_parallel_requests_with_the_same_part_takes_it(meeting: Meeting) -> None:
    async with meeting.person("Ada") as ada:
        sending = await begin(ada, SMALL.size)
        bodies = [bytes([number]) * PART for number in range(4)]
        answers = await asyncio.gather(*(meeting.face.put(meeting.http, sending, 0, body) for body in bodies))
        statuses = [status for status, _ in answers]
        assert set(statuses) <= {204, 409}
        again = await begin(ada, SMALL.size, sending.file_id)
        assert again.received == statuses.count(204) <= 1
        if again.received:
            assert again.chain == chain_of([bodies[statuses.index(204)]])


async def test_everything_is_gone_when_the_meeting_ends_and_when_an_author_leaves(meeting: Meeting) -> None:
    async with meeting.person("Ada", "host") as ada:
        await meeting.share(ada)
        async with meeting.person("Bo") as bo:
            left = await meeting.send(bo)
            assert len({path.parent.name for path in meeting.kept if path.is_file()}) == 2
            assert (await bo.ask(leave=signalling_pb2.Leave())).HasField("ack")
        await until(lambda: len({path.parent.name for path in meeting.kept if path.is_file()}) == 1)
        assert (await meeting.face.put(meeting.http, left, 0, SMALL.part(0)))[0] == 401
        assert (await ada.ask(end_meeting=signalling_pb2.EndMeeting())).HasField("ack")
        await meeting.nothing_is_kept()


async def test_limits_are_told_and_what_was_sent_stays(meeting: Meeting) -> None:
    async with meeting.person("Ada") as ada:

        async def refused(size: int) -> str:
            return error(await ada.ask(begin_upload=files_pb2.BeginUpload(file_id=make_id(), size=size)))

        assert await refused(0) == "INVALID_REQUEST"
        assert await refused(55) == "INVALID_REQUEST"
        assert await refused(2**64 - 1) == "FILE_TOO_LARGE"
        assert await refused(2 * 1024**3 + 2049 * 16 + 41) == "FILE_TOO_LARGE"
        started = [await begin(ada, SMALL.size) for _ in range(5)]
        assert await refused(SMALL.size) == "TOO_MANY_UPLOADS"
        # One's own goes on all the same, and giving one up makes room.
        await begin(ada, SMALL.size, started[0].file_id)
        assert error(await ada.ask(begin_upload=files_pb2.BeginUpload(file_id=started[0].file_id, size=99))) != ""
        assert (await ada.ask(cancel_upload=files_pb2.CancelUpload(file_id=started[1].file_id))).HasField("ack")
        await begin(ada, SMALL.size)
        assert error(await ada.ask(begin_upload=files_pb2.BeginUpload(file_id="../x", size=99))) == "INVALID_REQUEST"
