"""What every gRPC server of the appliance has in common."""
