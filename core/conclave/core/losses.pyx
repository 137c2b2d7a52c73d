"""See losses.pxd."""
from libc.stdint cimport int64_t
from libc.string cimport memset
from conclave.core.aimd cimport BITRATE_LEAST, aimd_growth

cdef enum:
    PACKETS_LEAST = 20                         # fewer say little about a fraction
    INTERVAL_US = 300_000

cdef double FEW = 0.02
cdef double MANY = 0.10
# A full way that loses less than this loses nothing at GIVEN_UP of the rate; one that loses more may still lose then.
cdef double TOLERATED_MOST = 0.30
cdef double SMOOTHING = 0.7
cdef double GIVEN_UP = 0.6                     # of the rate: losses that stay then have another cause
cdef double STAYED = 0.7                       # of the losses
cdef double UNBOUND = 1e12


cdef void losses_init(Losses *losses) noexcept nogil:
    memset(losses, 0, sizeof(Losses))
    losses.tolerated = MANY
    losses.bound = UNBOUND


cdef void losses_told(Losses *losses, bint arrived) noexcept nogil:
    losses.told += 1
    losses.lost += 0 if arrived else 1


cdef void losses_raise(Losses *losses, double bitrate) noexcept nogil:
    losses.bound = max(losses.bound, bitrate)


cdef void give(Losses *losses, double bitrate) noexcept nogil:
    """Too many are lost: less is sent, unless that has been tried and did not help."""
    cdef double rate = min(losses.bound, bitrate)
    if losses.gave_from <= 0:
        losses.gave_from = rate
        losses.gave_fraction = losses.fraction
    elif (losses.gave_fraction < TOLERATED_MOST and rate < GIVEN_UP * losses.gave_from
            and losses.fraction > STAYED * losses.gave_fraction):
        losses.tolerated = min(TOLERATED_MOST, 1.3 * losses.fraction)
        losses.bound = losses.gave_from
        losses.gave_from = 0
        return
    losses.bound = max(rate * (1 - 0.5 * losses.fraction), <double>BITRATE_LEAST)


cdef double losses_bound(Losses *losses, double bitrate, int64_t rtt_us, int64_t now_us) noexcept nogil:
    cdef double fraction
    cdef double elapsed_s = min((now_us - losses.looked_us) / 1e6, 1.0)
    if losses.told < PACKETS_LEAST or now_us - losses.looked_us < INTERVAL_US + rtt_us:
        return min(bitrate, losses.bound)
    fraction = <double>losses.lost / losses.told
    losses.fraction = SMOOTHING * losses.fraction + (1 - SMOOTHING) * fraction if losses.known else fraction
    losses.known = True
    losses.told = losses.lost = 0
    losses.looked_us = now_us
    if losses.fraction > losses.tolerated:
        give(losses, bitrate)
        return min(bitrate, losses.bound)
    losses.gave_from = 0
    if losses.fraction < FEW:
        losses.tolerated = MANY
    if losses.fraction < FEW or losses.tolerated > MANY:
        losses.bound = losses.bound * aimd_growth(elapsed_s) if losses.bound < 2 * bitrate else UNBOUND
    return min(bitrate, losses.bound)
