"""The process conclave-gateway: the only web face of an appliance."""
