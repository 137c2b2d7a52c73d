"""The WHIP clients that there are send, and a page in the meeting decodes what they send."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.browser.appliance import ROOT, RunningAppliance
from tests.browser.browsers import Browser
from tests.browser.conftest import Browsers, People
from tests.browser.network import Namespace, Network
from tests.browser.participants import Participant

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

# Debian 12's whip-client ends at its start: it is linked against libsoup 2, and libnice, through its library for port
# mappings in routers, against libsoup 3. Nothing is mapped here.
NO_PORT_MAPPING = """
void *gupnp_simple_igd_thread_new(void) { return 0; }
unsigned long gupnp_simple_igd_get_type(void) { return 0; }
void gupnp_simple_igd_add_port(void) {}
void gupnp_simple_igd_remove_port_local(void) {}
"""
SOUND = "audiotestsrc is-live=true wave=silence ! audioconvert ! audioresample ! queue ! opusenc ! rtpopuspay pt=100"
PICTURE = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 ! videoconvert ! queue"
)
ENCODED = {
    "VP8": "vp8enc deadline=1 keyframe-max-dist=15 ! rtpvp8pay pt=96",
    "H264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15"
    " ! video/x-h264,profile=constrained-baseline ! rtph264pay pt=96 config-interval=-1",
}
# Of another origin than the appliance: about:blank has none.
PUBLISH = """(async (url, token) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const context = canvas.getContext("2d");
  let count = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${(count += 7) % 360}, 80%, 50%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 60);
  const peer = new RTCPeerConnection();
  for (const track of canvas.captureStream(15).getTracks()) peer.addTransceiver(track, { direction: "sendonly" });
  await peer.setLocalDescription();
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/sdp" };
  const answer = await fetch(url, { method: "POST", headers, body: peer.localDescription.sdp });
  if (answer.status !== 201 || answer.headers.get("Location") === null) throw new Error(await answer.text());
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  window.peer = peer;
})"""


@pytest.fixture(scope="module")
def encoders(network: Network) -> Namespace:
    """Where devices are."""
    return network.add_client("encoders")


@pytest.fixture(scope="module")
def viewer(appliance: RunningAppliance, browsers: Browsers, people: People) -> Participant:
    appliance.make_room("whip-clients")
    return people.add(browsers.get("chromium"), "Priya Raman", appliance.invite("whip-clients"))


@contextmanager
def running(place: Namespace, command: Sequence[str], log: Path, **environment: str) -> Iterator[None]:
    """A program in a namespace, until the end of the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*place.prefix, *command], stdout=out, stderr=out, cwd=ROOT, env={**os.environ, **environment}
        )
        try:
            yield
        except AssertionError as error:
            error.add_note(log.read_text(errors="replace")[-3000:])
            raise
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def device_invite(appliance: RunningAppliance, name: str) -> str:
    return appliance.invite("whip-clients", "--role", "device", "--for", name)


def sees(viewer: Participant, name: str, codec: str) -> None:
    viewer.receives([f"{name}/camera"], 60, growth=10)
    assert viewer.slots_by_source()[f"{name}/camera"]["codec"] == f"video/{codec}"


def test_ffmpeg_sends_h264(
    appliance: RunningAppliance, viewer: Participant, encoders: Namespace, tmp_path: Path
) -> None:
    invite = device_invite(appliance, "FFmpeg")
    with running(encoders, [sys.executable, "-m", "tests.browser.devices.ffmpeg", invite], tmp_path / "log"):
        sees(viewer, "FFmpeg", "H264")


def test_aiortc_sends_vp8(
    appliance: RunningAppliance, viewer: Participant, encoders: Namespace, tmp_path: Path
) -> None:
    invite, authority = device_invite(appliance, "aiortc"), str(appliance.state / "ca" / "ca.pem")
    program = [sys.executable, "-m", "tests.browser.devices.aiortc_device", invite, authority]
    with running(encoders, program, tmp_path / "log"):
        sees(viewer, "aiortc", "VP8")


@pytest.mark.skipif(shutil.which("whip-client") is None, reason="Debian's simple-whip-client is not installed")
@pytest.mark.parametrize("codec", ENCODED)
def test_simple_whip_client_sends(
    appliance: RunningAppliance, viewer: Participant, encoders: Namespace, tmp_path: Path, codec: str
) -> None:
    name = f"GStreamer {codec}"
    url, _, token = device_invite(appliance, name).partition("#")
    (tmp_path / "none.c").write_text(NO_PORT_MAPPING)
    library = tmp_path / "libgupnp-igd-1.0.so.4"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "none.c"], check=True)
    video = f"{PICTURE} ! {ENCODED[codec]} ! queue ! application/x-rtp,media=video,encoding-name={codec},payload=96"
    audio = f"{SOUND} ! queue ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100"
    program = ["whip-client", "-u", url, "-t", token, "-o", "-A", audio, "-V", video]
    trusted = {"LD_LIBRARY_PATH": str(tmp_path), "SSL_CERT_FILE": str(appliance.state / "ca" / "ca.pem")}
    with running(encoders, program, tmp_path / "log", **trusted):
        sees(viewer, name, codec)


def test_a_page_of_another_origin_sends_vp8(
    appliance: RunningAppliance, viewer: Participant, browsers: Browsers
) -> None:
    browser: Browser = browsers.get("chromium", "-device")
    page = browser.open("a page elsewhere")
    url, _, token = device_invite(appliance, "A page").partition("#")
    page.evaluate(f"{PUBLISH}({json.dumps(url)}, {json.dumps(token)})")
    sees(viewer, "A page", "VP8")
