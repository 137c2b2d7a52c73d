"""The text that monitoring systems collect."""
