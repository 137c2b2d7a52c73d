"""Synthetic WebRTC clients of the media core, over libraries that share no code with it: aioice, pyOpenSSL, libsrtp."""
