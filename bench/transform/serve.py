"""Serves the working directory on 127.0.0.1:8000, isolated from other origins: browsers' clocks are fine only there."""

from __future__ import annotations

import http.server


class Isolated(http.server.SimpleHTTPRequestHandler):
    """Says of each file that it belongs to an isolated page."""

    def end_headers(self) -> None:
        """Adds the headers of cross-origin isolation."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


if __name__ == "__main__":
    server = http.server.HTTPServer(("127.0.0.1", 8000), Isolated)
    print("ready", flush=True)
    server.serve_forever()
