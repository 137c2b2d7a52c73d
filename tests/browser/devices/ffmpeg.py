"""FFmpeg's WHIP muxer, as PyAV bundles it: H.264 and Opus.

It is given a certificate, because the one that it makes itself over GnuTLS has a P-224 key, a curve that OpenSSL 4
takes no more in TLS.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

RATE, SAMPLES = 15, 960


def certificate(directory: Path) -> dict[str, str]:
    """A P-256 certificate and its key, in files that the muxer's options name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = made.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1)).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (directory / "certificate").write_bytes(signed.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (directory / "key").write_bytes(key.private_bytes(pem, *plain))
    return {"cert_file": str(directory / "certificate"), "key_file": str(directory / "key")}


def main(invite: str) -> None:
    url, _, token = invite.partition("#")
    with tempfile.TemporaryDirectory() as directory:
        options = {"authorization": token, **certificate(Path(directory))}
        container = av.open(url, "w", format="whip", options=options)
        encoding = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": str(RATE)}
        video = container.add_stream("libx264", rate=RATE, options=encoding)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        audio = container.add_stream("libopus", rate=48_000, layout="stereo")
        began, sounds = time.monotonic(), 0
        for number in range(10**9):
            picture = av.VideoFrame.from_ndarray(np.full((240, 320, 3), number * 9 % 256, np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(video.encode(picture))
            while sounds * SAMPLES * RATE < number * 48_000:
                silence = np.zeros((1, 2 * SAMPLES), np.int16)
                sound = av.AudioFrame.from_ndarray(silence, format="s16", layout="stereo")
                sound.sample_rate, sound.pts, sound.time_base = 48_000, sounds * SAMPLES, Fraction(1, 48_000)
                container.mux(audio.encode(sound))
                sounds += 1
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1])
