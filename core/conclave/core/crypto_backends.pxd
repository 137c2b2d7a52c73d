"""Which cryptographic backends work on this machine (L3)."""
from conclave.core.crypto cimport Backend

# "auto" is the first that works of ipsec-mb, OpenSSL and libsrtp. NULL for an unknown name, or one that does not work here.
cdef const Backend *find_backend(const char *name) noexcept nogil
