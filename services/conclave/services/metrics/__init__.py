"""What a monitoring system collects of control and of the media core."""
