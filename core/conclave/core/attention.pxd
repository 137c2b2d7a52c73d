"""The sources that something may be asked of soon: NACKs and key frames (L6)."""
from libc.stdint cimport uint64_t
from conclave.core.leg cimport Source
from conclave.core.outbox cimport Outbox
from conclave.core.router cimport Router

cdef void source_attend(Router *router, Source *source, uint64_t now_ns) noexcept nogil     # something may be due
cdef void source_neglect(Router *router, Source *source) noexcept nogil                     # the source is gone
# Asks for all that is due.
cdef void attention_poll(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil
