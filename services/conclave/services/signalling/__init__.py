"""Signalling: one stream a client, sessions that survive it, and the media that they negotiate."""
