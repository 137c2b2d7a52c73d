"""Meetings: sessions of a room, and the people in them."""
