"""The `conclave` command: rooms, invites and meetings of the appliance on this machine."""
