def write_osn(osn: int) -> bytes:
    """The two bytes that precede the original payload in a retransmission."""

def unwrap(packet: bytes, header_size: int, payload_type: int, ssrc: int) -> tuple[int, bytes | None]:
    """The status and, when it is OK, the original packet of a decrypted RTX packet without its padding."""
