"""See attention.pxd."""
from libc.stdint cimport uint16_t, uint64_t
from conclave.core.feedback cimport feedback_request_key_frame, feedback_send_nack
from conclave.core.keyframes cimport keyframes_poll, keyframes_want
from conclave.core.leg cimport Layer, Source
from conclave.core.nack cimport NACK_CAPACITY, nack_poll, nack_take_overflow
from conclave.core.outbox cimport Outbox
from conclave.core.router cimport Router

cdef uint64_t ATTENTION_NS = 5_000_000


cdef void source_attend(Router *router, Source *source, uint64_t now_ns) noexcept nogil:
    if source.attention:
        return
    source.attention = True
    source.attention_next = router.attention
    if router.attention == NULL:
        router.next_attention_ns = now_ns + ATTENTION_NS
    router.attention = source


cdef void source_neglect(Router *router, Source *source) noexcept nogil:
    cdef Source **link = &router.attention
    if not source.attention:
        return
    while link[0] != source:
        link = &link[0].attention_next
    link[0] = source.attention_next
    source.attention = False


cdef bint attend(Source *source, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    """Sends what is due for one source; false when nothing will be due any more."""
    cdef uint16_t lost[NACK_CAPACITY]
    cdef Layer *layer
    cdef bint pending = False
    cdef size_t count
    cdef int i
    if not source.active:
        return False
    for i in range(source.setup.layer_count):
        layer = source.layers[i]
        if not layer.bound:
            continue
        if nack_take_overflow(&layer.nack):
            keyframes_want(&source.keyframes, now_ns)
        if layer.nack.count:
            count = nack_poll(&layer.nack, now_ns, source.leg.rtt_ns, lost, NACK_CAPACITY)
            if count:
                feedback_send_nack(layer, lost, count, outbox)
            pending = pending or layer.nack.count != 0
    if keyframes_poll(&source.keyframes, now_ns):
        feedback_request_key_frame(source, outbox)
    return pending or source.keyframes.wanted


cdef void attention_poll(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Source **link = &router.attention
    cdef Source *source
    if router.attention == NULL or now_ns < router.next_attention_ns:
        return
    while link[0] != NULL:
        source = link[0]
        if attend(source, now_ns, outbox):
            link = &source.attention_next
        else:
            source.attention = False
            link[0] = source.attention_next
    router.next_attention_ns = now_ns + ATTENTION_NS
