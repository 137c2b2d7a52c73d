"""Which layer of a source a slot shows (L3)."""
from libc.stdint cimport uint8_t, uint64_t

__all__ = ["choose"]

cdef uint64_t ACTIVE_NS = 1_000_000_000


cdef bint layer_sends(const LayerActivity *layer, uint64_t now_ns) noexcept nogil:
    return layer.seen and now_ns <= layer.last_packet_ns + ACTIVE_NS


cdef uint8_t layer_choose(const LayerActivity *layers, uint8_t layer_count, uint8_t max_layer, uint64_t now_ns) noexcept nogil:
    cdef uint8_t chosen = LAYER_NONE
    cdef uint8_t layer
    for layer in range(layer_count):
        if layer_sends(&layers[layer], now_ns) and (layer <= max_layer or chosen == LAYER_NONE):
            chosen = layer
    return chosen


def choose(list last_packets, uint8_t max_layer, uint64_t now_ns):
    cdef LayerActivity layers[LAYERS_MAX]
    cdef uint8_t position, chosen
    assert len(last_packets) <= LAYERS_MAX, "a source has at most three layers"
    for position, last_packet_ns in enumerate(last_packets):
        layers[position].seen = last_packet_ns is not None
        layers[position].last_packet_ns = last_packet_ns or 0
    chosen = layer_choose(layers, <uint8_t>len(last_packets), max_layer, now_ns)
    return None if chosen == LAYER_NONE else chosen
