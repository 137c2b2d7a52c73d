"""Programs that send a moving picture over WHIP until they are ended: each is given its invite."""
