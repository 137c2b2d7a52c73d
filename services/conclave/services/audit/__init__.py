"""The audit log: what was done, by whom, to what; written in the transaction of the act."""
