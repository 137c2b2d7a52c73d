"""Invites: signed links into a room, which expire and can be revoked."""
