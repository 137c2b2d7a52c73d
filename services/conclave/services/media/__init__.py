"""Control's line to the media core: requests, events, and whether the core is there."""
