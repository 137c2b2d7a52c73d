"""Files that people share: uploads in parts, tickets, and the objects that hold what only clients can read."""
