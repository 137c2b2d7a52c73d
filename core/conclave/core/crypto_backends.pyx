"""Which cryptographic backends work on this machine (L3)."""
from libc.string cimport strcmp
from conclave.core.crypto cimport Backend
from conclave.core.crypto_ipsec_mb cimport ipsec_mb_backend
from conclave.core.crypto_libsrtp cimport libsrtp_backend
from conclave.core.crypto_openssl cimport openssl_backend

__all__ = ["backends"]


cdef const Backend *find_backend(const char *name) noexcept nogil:
    cdef const Backend *backend
    cdef bint automatic = strcmp(name, b"auto") == 0
    if automatic or strcmp(name, b"ipsec-mb") == 0:
        backend = ipsec_mb_backend()
        if backend != NULL or not automatic:
            return backend
    if automatic or strcmp(name, b"openssl") == 0:
        backend = openssl_backend()
        if backend != NULL or not automatic:
            return backend
    if automatic or strcmp(name, b"libsrtp") == 0:
        return libsrtp_backend()
    return NULL


def backends():
    """Names of the backends that work on this machine, in the order in which "auto" tries them."""
    names = [b"ipsec-mb", b"openssl", b"libsrtp"]
    return [name.decode("ascii") for name in names if find_backend(name) != NULL]
