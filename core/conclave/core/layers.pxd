"""Which layer of a source a slot shows (L3)."""
from libc.stdint cimport uint8_t, uint64_t

cdef enum:
    LAYERS_MAX = 3
    LAYER_NONE = 255

cdef struct LayerActivity:         # one a layer
    uint64_t last_packet_ns
    bint seen

cdef bint layer_sends(const LayerActivity *layer, uint64_t now_ns) noexcept nogil
# The layer to aim for: the highest one at or below `max_layer` that sent within the last second; when none below does, the lowest that does;
# LAYER_NONE when nothing sends.
cdef uint8_t layer_choose(const LayerActivity *layers, uint8_t layer_count, uint8_t max_layer, uint64_t now_ns) noexcept nogil
