"""Programs to begin with: each comes into a meeting by a link, and does one thing."""
