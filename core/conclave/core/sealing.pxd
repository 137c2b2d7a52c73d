"""Packets that wait to be sealed together with those of other keys (L3).

Where a Cipher has `seal_all`, a dozen packets at once cost a third of what they cost one by one. They lie where they will be
sent from; whoever sends calls sealing_finish() first. One a thread.
"""
from libc.stdint cimport uint64_t
from conclave.core.crypto cimport Cipher, SealJob

cdef enum:
    SEALING_MAX = 64               # what stays in the processor's cache
    SEALING_FEW = 4                # from so many on, lanes are faster than one by one

cdef struct Sealing:
    void *lanes                    # NULL: nothing waits, all is sealed at once
    const Cipher *cipher           # of all that waits
    uint64_t failed                # packets that could not be sealed
    size_t count
    SealJob jobs[SEALING_MAX]

cdef void sealing_init(Sealing *sealing) noexcept nogil
cdef void sealing_destroy(Sealing *sealing) noexcept nogil
# A place for one more packet of a cipher with `seal_all`, which the caller fills. NULL when all places are taken or what waits is of
# another cipher: finish, then ask again. Without lanes NULL always: its packets are sealed at once.
cdef SealJob *sealing_add(Sealing *sealing, const Cipher *cipher) noexcept nogil
# Seals all that waits. Where a backend fails, what waited is overwritten with zeros: never is anything sent that is half sealed, and
# never anything sealed again under its nonce.
cdef void sealing_finish(Sealing *sealing) noexcept nogil
