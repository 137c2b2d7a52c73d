"""What processes write to their logs."""
