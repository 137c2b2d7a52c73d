"""How many bytes of the core's pools one of each takes."""
from conclave.core.leg cimport Layer, Leg, Slot, Source
from conclave.core.packet cimport Packet
from conclave.core.srtp_context cimport srtp_context_size

__all__ = ["sizes"]


def sizes():
    return {
        "leg": sizeof(Leg),
        "keys": 2 * srtp_context_size(),
        "slot": sizeof(Slot),
        "source": sizeof(Source),
        "layer": sizeof(Layer),
        "packet": sizeof(Packet),
    }
