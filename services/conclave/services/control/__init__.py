"""The process conclave-control: rooms, meetings, signalling; the only owner of the database."""
