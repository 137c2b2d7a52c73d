"""Starts and stops one appliance on this machine: its state, its certificates, its processes and who may touch what."""
