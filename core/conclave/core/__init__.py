"""The media core: ICE-lite, DTLS-SRTP and forwarding between the transports of a room."""
