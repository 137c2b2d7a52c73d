"""Rooms: named, lasting places with a policy."""
