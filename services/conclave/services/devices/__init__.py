"""Devices: machines that send over WHIP and play over WHEP, in rooms that the appliance may take part in."""
