"""Ciphers on intel-ipsec-mb: the fastest backend, on amd64 with AES-NI (L2)."""
from conclave.core.crypto cimport Backend

# What one thread seals many packets with at once (Cipher.seal_all): some 200 kB. NULL without the library, or without memory.
cdef void *ipsec_mb_open_lanes() noexcept nogil
cdef void ipsec_mb_close_lanes(void *lanes) noexcept nogil     # wipes them; NULL is left alone
# NULL when the build lacked the library or the processor lacks AES-NI and PCLMULQDQ.
cdef const Backend *ipsec_mb_backend() noexcept nogil
