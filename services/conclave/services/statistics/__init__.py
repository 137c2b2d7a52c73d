"""What the media core measures of meetings."""
