"""Reads a client's SDP offer and writes the appliance's answer (RFC 8866, RFC 9429). No input or output."""
