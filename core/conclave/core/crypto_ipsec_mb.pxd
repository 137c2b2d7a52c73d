"""Ciphers on intel-ipsec-mb: the fastest backend, on amd64 with AES-NI (L2)."""
from conclave.core.crypto cimport Backend

# NULL when the build lacked the library or the processor lacks AES-NI and PCLMULQDQ.
cdef const Backend *ipsec_mb_backend() noexcept nogil
