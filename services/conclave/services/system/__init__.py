"""How the appliance is."""
