"""What the Python client sends and receives: feeds, outlets, slots, files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aioice.ice
import av
import numpy as np
import pytest
from av import AudioFrame, VideoFrame

from conclave.client.feeds import PictureFeed, SoundFeed
from conclave.client.loopback import offering_loopback
from conclave.client.outlets import PictureOutlet, SoundOutlet, packed_samples
from conclave.client.peer import for_aiortc
from conclave.client.people import Source
from conclave.client.playback import _frames, what_is_in
from conclave.client.reception import Reception, TooManyPictures
from conclave.v1 import signalling_pb2 as pb


def grey(level: int, width: int = 32, height: int = 16) -> VideoFrame:
    return VideoFrame.from_ndarray(np.full((height, width, 3), level, np.uint8), format="rgb24")


async def test_the_newest_picture_is_sent_and_one_that_stands_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclave.client.feeds.REPEAT_SECONDS", 0.01)
    feed = PictureFeed()
    first, second = grey(10), grey(20)
    feed.put(first)
    feed.put(second)
    sent = await feed.next()
    assert sent is second
    before = sent.pts
    assert before is not None
    again = await feed.next()
    assert again is second
    assert again.pts is not None
    assert again.pts > before


async def test_nothing_is_sent_while_nobody_looks() -> None:
    feed = PictureFeed()
    feed.put(grey(10))
    feed.want(False)
    sending = asyncio.create_task(feed.next())
    await asyncio.wait([sending], timeout=0.05)
    assert not sending.done()
    feed.want(True)
    await asyncio.wait_for(sending, 5)
    feed.clear()
    sending = asyncio.create_task(feed.next())
    await asyncio.wait([sending], timeout=0.05)
    assert not sending.done()
    sending.cancel()


async def test_sound_is_sent_in_chunks_in_its_order_and_waits_for_more() -> None:
    feed = SoundFeed()
    ramp = np.arange(1000, dtype=np.int16)
    feed.put(packed_samples(ramp))
    chunk = (await feed.next()).to_ndarray().reshape(-1, 2)
    assert (chunk[:, 0] == ramp[:960]).all()
    assert (chunk[:, 1] == ramp[:960]).all()
    more = asyncio.create_task(feed.next())
    await asyncio.wait([more], timeout=0.05)
    assert not more.done(), "40 samples are no chunk"
    feed.put(packed_samples(np.full(920, 7, np.int16)))
    chunk = (await asyncio.wait_for(more, 5)).to_ndarray().reshape(-1, 2)
    assert chunk[:41, 0].tolist() == [*range(960, 1000), 7]
    await asyncio.wait_for(feed.below(0), 5)


async def test_of_too_much_sound_the_oldest_goes() -> None:
    feed = SoundFeed()
    feed.put(packed_samples(np.zeros(48_000, np.int16)))
    feed.put(packed_samples(np.ones(96_000, np.int16)))
    assert (await feed.next()).to_ndarray().min() == 1


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0, 0.5, -1, 2], np.float32), [[0, 0], [16384, 16384], [-32767, -32767], [32767, 32767]]),
        (np.array([1, -2], np.int16), [[1, 1], [-2, -2]]),
        (np.array([[1, 2], [3, 4]], np.int16), [[1, 2], [3, 4]]),
    ],
)
def test_samples_become_two_channels(samples: np.ndarray, expected: list[list[int]]) -> None:  # type: ignore[type-arg]
    assert packed_samples(samples).tolist() == expected


@pytest.mark.parametrize(
    "samples", [np.zeros((3, 3), np.int16), np.zeros(3, np.float64), np.zeros((1, 2, 2), np.int16)]
)
def test_other_samples_are_refused(samples: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="sound"):
        packed_samples(samples)


def outlet(size: tuple[int, int] | None) -> PictureOutlet:
    return PictureOutlet(Source.CAMERA, PictureFeed(), size, lambda *_: None, lambda _: None)


@pytest.mark.parametrize(
    ("size", "shape", "kind"),
    [
        ((4, 2), (4, 2, 3), np.uint8),
        ((4, 2), (2, 4), np.uint8),
        ((4, 2), (2, 4, 4), np.uint8),
        (None, (2, 4, 3), np.float32),
    ],
)
async def test_pictures_of_another_shape_are_refused(
    size: tuple[int, int] | None, shape: tuple[int, ...], kind: type
) -> None:
    with pytest.raises(ValueError, match="a picture is uint8"):
        outlet(size).send(np.zeros(shape, kind))


async def test_a_picture_may_be_drawn_over_once_it_is_sent() -> None:
    feed = PictureFeed()
    camera = PictureOutlet(Source.CAMERA, feed, (4, 2), lambda *_: None, lambda _: None)
    drawing = np.full((2, 4, 3), 200, np.uint8)
    camera.send(drawing)
    drawing[:] = 0
    assert (await feed.next()).to_ndarray(format="rgb24").min() > 190


async def test_what_is_paused_sends_nothing_and_says_so() -> None:
    told: list[tuple[Source, bool]] = []
    feed = SoundFeed()
    microphone = SoundOutlet(Source.MICROPHONE, feed, lambda *state: told.append(state), lambda _: None)
    microphone.send(np.zeros(960, np.int16))
    microphone.pause()
    microphone.send(np.zeros(960, np.int16))
    await asyncio.wait_for(feed.below(0), 5)
    microphone.resume()
    assert told == [(Source.MICROPHONE, False), (Source.MICROPHONE, True)]
    microphone.muted()
    assert not microphone.active


SLOTS = [pb.Slot(mid="a", audio=True), pb.Slot(mid="v1"), pb.Slot(mid="v2")]


def wishes(reception: Reception) -> dict[str, str]:
    """What the appliance is told, and takes."""
    told = reception.wishes()
    reception.told(told)
    return {wish.mid: wish.source_id for wish in told}


async def test_slots_show_what_is_looked_at_and_never_somebody_else() -> None:
    reception = Reception(2)
    reception.renew(SLOTS)
    ann = reception.look("ann/camera", 720)
    bob = reception.look("bob/camera", 180)
    with pytest.raises(TooManyPictures):
        reception.look("eve/camera", 720)
    assert wishes(reception) == {"v1": "ann/camera", "v2": "bob/camera"}
    reception.took([pb.Slot(mid="v1", source_id="ann/camera"), pb.Slot(mid="v2", source_id="bob/camera")])
    reception.picture("v1", grey(10), 1.0)
    reception.picture("v1", grey(50), 2.0)
    reception.picture("v2", grey(90), 3.0)
    assert (await anext(ann)).image.max() < 60, "the newest"
    assert (await anext(bob)).time_s == 3.0
    ann.close()
    eve = reception.look("eve/camera", 720)
    assert wishes(reception) == {"v1": ""}, "the slot may still show Ann"
    reception.picture("v1", grey(10), 4.0)
    reception.took([pb.Slot(mid="v1")])
    assert wishes(reception) == {"v1": "eve/camera"}
    reception.picture("v1", grey(200), 5.0)
    assert (await anext(eve)).image.min() > 190
    with pytest.raises(StopAsyncIteration):
        await anext(ann)


async def test_a_new_transport_is_told_everything_anew() -> None:
    reception = Reception(2)
    stream = reception.look("ann/screen", 720)
    assert reception.wishes() == []
    reception.renew(SLOTS)
    assert wishes(reception) == {"v1": "ann/screen"}
    assert wishes(reception) == {}
    reception.forget_told()
    assert wishes(reception) == {"v1": "ann/screen", "v2": ""}
    reception.renew([pb.Slot(mid="5")])
    assert wishes(reception) == {"5": "ann/screen"}
    reception.end("ann")
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert wishes(reception) == {"5": ""}


async def test_sounds_are_told_by_whom_they_are() -> None:
    reception = Reception(0)
    reception.renew(SLOTS)
    everybody, bob = reception.listen(""), reception.listen("bob")
    frame = AudioFrame.from_ndarray(np.full((1, 1920), 5, np.int16), format="s16", layout="stereo")
    reception.sound("a", frame, 1.0)
    reception.took([pb.Slot(mid="a", audio=True, source_id="ann/microphone")])
    reception.sound("a", frame, 2.0)
    reception.took([pb.Slot(mid="a", audio=True, source_id="bob/microphone")])
    reception.sound("a", frame, 3.0)
    reception.end()
    assert [(sound.participant_id, sound.time_s) async for sound in everybody] == [("ann", 2.0), ("bob", 3.0)]
    (heard,) = [sound async for sound in bob]
    assert (heard.time_s, heard.samples.shape) == (3.0, (960, 2))


def test_an_answer_has_its_candidates_in_every_section() -> None:
    candidate = "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
    first = f"m=audio 9 x\r\na=mid:0\r\na=ice-ufrag:u\r\n{candidate}a=end-of-candidates\r\n"
    adapted = for_aiortc(f"v=0\r\n{first}m=video 9 x\r\na=mid:1\r\n")
    assert adapted.startswith(f"v=0\r\n{first}")
    for line in ("a=ice-ufrag:u\r\n", candidate, "a=end-of-candidates\r\n"):
        assert adapted.count(line) == 2


def test_loopback_is_offered_only_where_it_is_asked_for() -> None:
    def offered() -> bool:
        return "127.0.0.1" in aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=False)

    assert not offered()
    with offering_loopback(True):
        assert offered()
        with offering_loopback(False):
            assert not offered()
    assert not offered()


def write_film(
    path: Path, seconds: int, size: tuple[int, int] = (320, 180), rate: int = 10, sound: bool = True
) -> None:
    """Pictures that get brighter, and a tone of 44.1 kHz."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=rate)
        pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
        tone = container.add_stream("aac", rate=44100) if sound else None
        for number in range(seconds * rate):
            container.mux(pictures.encode(grey(number * 255 // (seconds * rate), *size)))
        container.mux(pictures.encode())
        if tone is not None:
            samples = (np.sin(np.arange(seconds * 44100) * 2 * np.pi * 440 / 44100) * 8000).astype(np.float32) / 32768
            for start in range(0, len(samples) - 1023, 1024):
                frame = AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 44100, start
                container.mux(tone.encode(frame))
            container.mux(tone.encode())


def test_a_file_is_played_in_the_order_of_its_moments(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    write_film(film, 3)
    assert what_is_in(film) == (True, True)
    frames = list(_frames(film, pictures=True, sounds=True))
    moments = [moment for moment, _ in frames]
    assert moments == sorted(moments)
    pictures = [(moment, frame) for moment, frame in frames if isinstance(frame, VideoFrame)]
    assert [round(moment, 2) for moment, _ in pictures] == [number / 10 for number in range(30)]
    sounds = [frame for _, frame in frames if isinstance(frame, AudioFrame)]
    assert {(frame.sample_rate, frame.layout.name, frame.format.name) for frame in sounds} == {(48000, "stereo", "s16")}
    assert 2.8 < sum(frame.samples for frame in sounds) / 48000 < 3.2


def test_large_pictures_of_a_file_are_made_smaller(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    write_film(film, 1, size=(1920, 800), rate=2, sound=False)
    assert what_is_in(film) == (True, False)
    sizes = {(frame.width, frame.height) for _, frame in _frames(film, True, False) if isinstance(frame, VideoFrame)}
    assert sizes == {(1280, 534)}


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film")
    with pytest.raises(av.FFmpegError):
        what_is_in(path)
