"""See allocate.pxd."""
from libc.stdint cimport uint8_t
from conclave.core.layers cimport LAYER_NONE, LAYERS_MAX

__all__ = ["divide"]


cdef uint8_t lowest_sent(const Demand *demand) noexcept nogil:
    cdef uint8_t layer
    for layer in range(demand.layer_count):
        if demand.sent[layer]:
            return layer
    return LAYER_NONE


cdef double allocate(Demand *demands, size_t count, double bitrate) noexcept nogil:
    cdef double given = 0, more
    cdef Demand *demand
    cdef uint8_t layer
    cdef size_t i
    for i in range(count):
        demand = &demands[i]
        layer = lowest_sent(demand)
        if layer == LAYER_NONE:
            demand.layer = 0
        elif given + demand.bitrates[layer] <= bitrate:
            given += demand.bitrates[layer]
            demand.layer = layer
        else:
            demand.layer = LAYER_NONE
    for i in range(count):
        demand = &demands[i]
        if demand.layer == LAYER_NONE or lowest_sent(demand) == LAYER_NONE:
            continue
        layer = min(demand.max_layer, <uint8_t>(demand.layer_count - 1))
        while layer > demand.layer:
            more = demand.bitrates[layer] - demand.bitrates[demand.layer]
            if given + more <= bitrate:
                given += more
                demand.layer = layer
                break
            layer -= 1
    return given


def divide(list demands, double bitrate):
    cdef Demand taken[DEMANDS_MAX]
    cdef size_t i, j, count = len(demands)
    cdef double given
    assert count <= DEMANDS_MAX, "a transport has at most 52 slots"
    for i, (bitrates, max_layer) in enumerate(demands):
        assert 1 <= len(bitrates) <= LAYERS_MAX, "a source has one to three layers"
        taken[i].layer_count = <uint8_t>len(bitrates)
        taken[i].max_layer = max_layer
        for j, (layer_bitrate, sent) in enumerate(bitrates):
            taken[i].bitrates[j] = layer_bitrate
            taken[i].sent[j] = sent
    given = allocate(taken, count, bitrate)
    return [None if taken[i].layer == LAYER_NONE else taken[i].layer for i in range(count)], given
