"""Divides what a way bears among the pictures that its receiver wants (L3)."""
from libc.stdint cimport uint8_t
from conclave.core.layers cimport LAYERS_MAX

cdef enum:
    DEMANDS_MAX = 52

cdef struct Demand:                # one picture; in the order of their importance, most important first
    uint8_t layer_count
    uint8_t max_layer              # the highest that is wanted
    double bitrates[LAYERS_MAX]    # of each layer, bits per second; of one that is not sent what it would take
    bint sent[LAYERS_MAX]
    uint8_t layer                  # given: the highest that may be shown; LAYER_NONE for nothing

# The lowest layer that is sent; LAYER_NONE while nothing is.
cdef uint8_t lowest_sent(const Demand *demand) noexcept nogil
# Fills in `layer`: first the lowest layer of each, then more of each, both in the order given, as far as `bitrate` goes; what does
# not fit is passed over. A picture of which nothing is sent takes nothing and is given its lowest layer. Returns what is given, bits
# per second.
cdef double allocate(Demand *demands, size_t count, double bitrate) noexcept nogil
