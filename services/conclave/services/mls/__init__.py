"""What the appliance reads of MLS handshakes (RFC 9420): who changes which group how. It holds no group's secrets."""
