"""What the end-to-end transform costs a frame in Chromium and Firefox: microseconds, and against AES-GCM alone.

The client's own code, in a worker of each browser, one frame after another; the cipher alone is WebCrypto's, on frames
of the same size in the same run. The time of a frame holds the wait for WebCrypto's threads: it is not CPU time. Root
is needed, for the browsers' namespaces.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "core", "services", "proto")]

from tests.browser.browsers import Browser, Page  # noqa: E402
from tests.browser.network import Namespace, Network  # noqa: E402

# What a meeting is made of: a sound, a small, a middle and a large picture, a key frame.
FRAMES = {
    "Opus 100 B": (100, "audio/opus"),
    "VP8 700 B": (700, "video/VP8"),
    "VP8 2 kB": (2_000, "video/VP8"),
    "VP8 5 kB": (5_000, "video/VP8"),
    "VP8 30 kB": (30_000, "video/VP8"),
}
ADDRESS = "http://127.0.0.1:8000/"
MEASURE = """(() => new Promise((resolve, reject) => {{
  const worker = new Worker("worker.js", {{ type: "module" }});
  worker.onmessage = ({{ data }}) => resolve(data);
  worker.onerror = ({{ message }}) => reject(new Error(message));
  worker.postMessage({wish});
}}))()"""


def main() -> int:
    """Measures, prints the figures, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=2000, help="of each kind (default %(default)s)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    figures: dict[str, Any] = {"load_average": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="conclave-") as directory:
        made = Path(directory)
        node = Path(sys.executable).with_name("node")
        subprocess.run([node, ROOT / "bench/transform/build.mjs", made], cwd=ROOT / "services/web", check=True)
        (made / "index.html").write_text("<!doctype html><title>bench</title>")
        with Network() as network, serving(network.server, made):
            for engine in ("chromium", "firefox"):
                browser = Browser(engine, network.server, made / f"{engine}.log")
                try:
                    page = browser.open("bench")
                    page.do("goto", ADDRESS)
                    figures[engine] = {name: of(page, *frame, options.frames) for name, frame in FRAMES.items()}
                finally:
                    browser.close()
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


@contextmanager
def serving(namespace: Namespace, directory: Path) -> Iterator[None]:
    """Serves the bundle at ADDRESS: a worker has an origin."""
    command = [*namespace.prefix, sys.executable, str(ROOT / "bench/transform/serve.py")]
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        server.stdout.readline()  # It says that it listens.
        try:
            yield
        finally:
            server.terminate()


def of(page: Page, size: int, mime_type: str, frames: int) -> dict[str, Any]:
    """What one kind of frame takes, microseconds."""
    times = page.evaluate(MEASURE.format(wish=json.dumps({"size": size, "mimeType": mime_type, "frames": frames})))
    alone = statistics.median(times["cipherAlone"])
    return {
        way: {
            "p50_us": round(statistics.median(times[way])),
            "p95_us": round(sorted(times[way])[int(0.95 * len(times[way]))]),
            "p50_of_cipher_alone": round(statistics.median(times[way]) / max(alone, 1), 2),
        }
        for way in ("encrypt", "decrypt")
    } | {"cipher_alone_p50_us": round(alone)}


if __name__ == "__main__":
    raise SystemExit(main())
