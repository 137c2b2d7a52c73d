"""The Python face of a router: commands in, events out (L6)."""
from libc.stdint cimport uint32_t
from conclave.core.arena cimport KeyArena
from conclave.core.commands cimport Command
from conclave.core.router cimport DtlsDatagram, Router
from conclave.core.srtp_context cimport SrtpContext

cdef int fill_dtls(DtlsDatagram *out, uint32_t leg, bytes datagram) except -1

cdef class Switchboard:
    cdef Router router
    cdef KeyArena keys
    cdef SrtpContext *context(self, int profile, bytes key, bytes salt) except NULL
    cdef void release(self, SrtpContext *context)
    # Has the router apply a command and returns when it has. Overridden where the router runs in another thread.
    cdef int submit(self, Command *command) except -1
