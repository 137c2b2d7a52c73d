"""Words and rules that every service shares; no input, no output, no clock."""
