"""The libsrtp inside pylibsrtp's wheel, called without Python (L2)."""
from libc.stdint cimport uint8_t
from conclave.core.crypto cimport Backend
from conclave.core.status cimport Status

cdef struct LibsrtpSessions:       # libsrtp's own contexts, on its heap; one is used by a context of one direction
    void *outgoing
    void *incoming

# Loads pylibsrtp and takes its entry points; needs the GIL the first time. NULL when it cannot be imported. The table has no ciphers:
# this backend takes whole packets, since libsrtp derives keys and forms nonces itself.
cdef const Backend *libsrtp_backend() noexcept nogil
# Creates both sessions. `key_size` and `salt_size` are the profile's.
cdef Status libsrtp_open(LibsrtpSessions *sessions, int profile, const uint8_t *master_key, size_t key_size,
                         const uint8_t *master_salt, size_t salt_size) noexcept nogil
cdef void libsrtp_close(LibsrtpSessions *sessions) noexcept nogil
# In place; `size` is the packet's, before and after. Protecting needs 16 (RTP) or 20 (RTCP) bytes behind the packet.
cdef Status libsrtp_protect(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil
cdef Status libsrtp_unprotect(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil
cdef Status libsrtp_protect_rtcp(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil
cdef Status libsrtp_unprotect_rtcp(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil
