"""See srtcp.pxd."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove, memset
from conclave.core.crypto cimport Cipher
from conclave.core.crypto_kdf cimport SALT_ROOM, form_iv
from conclave.core.crypto_libsrtp cimport libsrtp_protect_rtcp, libsrtp_unprotect_rtcp
from conclave.core.srtp_context cimport PACKET_MAX, SRTCP_STREAMS, SrtcpSender, SrtpContext, srtp_has_key
from conclave.core.status cimport (
    KEY_EXHAUSTED, NO_KEY, NO_SPACE, OK, REPLAYED, Status, TOO_LARGE, TRUNCATED, UNSUPPORTED,
)
from conclave.core.wire cimport read_u32, write_u32

cdef enum:
    SRTCP_HEADER = 8               # the part of an RTCP packet that stays in the clear
    SRTCP_WORD = 4                 # E flag and index
    SRTCP_INDEX_MAX = 0x7FFFFFFF
    SRTCP_WINDOW_BITS = 64


cdef Status srtcp_protect(SrtpContext *context, const uint8_t *packet, size_t size, uint8_t *out, size_t *out_size) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    cdef uint8_t aad[SRTCP_HEADER + SRTCP_WORD]
    cdef uint32_t index = context.next_srtcp_index
    cdef const Cipher *cipher = context.cipher
    cdef Status status
    if not srtp_has_key(context):
        return NO_KEY
    if size < SRTCP_HEADER:
        return TRUNCATED
    if size > PACKET_MAX - SRTCP_OVERHEAD_MAX:
        return TOO_LARGE
    if index > SRTCP_INDEX_MAX:
        return KEY_EXHAUSTED
    context.next_srtcp_index = index + 1
    if cipher == NULL:
        # libsrtp counts by itself, from 1 and for each SSRC.
        memmove(out, packet, size)
        out_size[0] = size
        return libsrtp_protect_rtcp(&context.libsrtp, out, out_size)
    form_iv(iv, context.rtcp_salt, cipher.salt_size, read_u32(packet + 4), index)
    memcpy(aad, packet, SRTCP_HEADER)
    write_u32(aad + SRTCP_HEADER, 0x80000000U | index)
    memcpy(out, aad, SRTCP_HEADER)
    if cipher.tag_before_index:
        status = cipher.seal(&context.rtcp, iv, aad, sizeof(aad), packet + SRTCP_HEADER, size - SRTCP_HEADER, NULL,
                             out + SRTCP_HEADER, out + size)
        memcpy(out + size + cipher.tag_size, aad + SRTCP_HEADER, SRTCP_WORD)
    else:
        status = cipher.seal(&context.rtcp, iv, aad, SRTCP_HEADER, packet + SRTCP_HEADER, size - SRTCP_HEADER,
                             aad + SRTCP_HEADER, out + SRTCP_HEADER, out + size + SRTCP_WORD)
        memcpy(out + size, aad + SRTCP_HEADER, SRTCP_WORD)
    out_size[0] = size + SRTCP_WORD + cipher.tag_size
    return status


cdef SrtcpSender *find_sender(SrtpContext *context, uint32_t ssrc) noexcept nogil:
    cdef uint32_t number
    for number in range(context.sender_count):
        if context.senders[number].ssrc == ssrc:
            return &context.senders[number]
    return NULL


cdef Status check_sender(const SrtpContext *context, const SrtcpSender *sender, uint32_t index) noexcept nogil:
    if sender == NULL:
        return OK if context.sender_count < SRTCP_STREAMS else NO_SPACE
    if index > sender.highest:
        return OK
    if sender.highest - index >= SRTCP_WINDOW_BITS:
        return REPLAYED
    return REPLAYED if (sender.window >> (sender.highest - index)) & 1 else OK


cdef void accept_sender(SrtpContext *context, SrtcpSender *sender, uint32_t ssrc, uint32_t index) noexcept nogil:
    cdef uint32_t ahead
    if sender == NULL:
        sender = &context.senders[context.sender_count]
        context.sender_count += 1
        sender.ssrc = ssrc
        sender.highest = index
        sender.window = 1
    elif index > sender.highest:
        ahead = index - sender.highest
        sender.window = (sender.window << ahead if ahead < SRTCP_WINDOW_BITS else 0) | 1
        sender.highest = index
    else:
        sender.window |= <uint64_t> 1 << (sender.highest - index)


cdef Status srtcp_unprotect(SrtpContext *context, const uint8_t *packet, size_t size, uint8_t *out, size_t *out_size) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    cdef uint8_t aad[SRTCP_HEADER + SRTCP_WORD]
    cdef size_t plain_size
    cdef uint32_t word
    cdef uint32_t ssrc
    cdef SrtcpSender *sender
    cdef Status status
    cdef const Cipher *cipher = context.cipher
    if not srtp_has_key(context):
        return NO_KEY
    if size < SRTCP_HEADER + SRTCP_WORD + context.tag_size:
        return TRUNCATED
    if size > PACKET_MAX:
        return TOO_LARGE
    plain_size = size - SRTCP_WORD - context.tag_size
    word = read_u32(packet + plain_size + (context.tag_size if context.tag_before_index else 0))
    if not word & 0x80000000U:
        # All profiles of the core encrypt SRTCP; a packet without the E flag would pass in the clear.
        return UNSUPPORTED
    ssrc = read_u32(packet + 4)
    sender = find_sender(context, ssrc)
    status = check_sender(context, sender, word & SRTCP_INDEX_MAX)
    if status != OK:
        return status
    if cipher == NULL:
        if out != packet:
            memmove(out, packet, size)
        out_size[0] = size
        status = libsrtp_unprotect_rtcp(&context.libsrtp, out, out_size)
        if status != OK:
            memset(out + SRTCP_HEADER, 0, plain_size - SRTCP_HEADER)
            return status
        accept_sender(context, sender, ssrc, word & SRTCP_INDEX_MAX)
        return OK
    form_iv(iv, context.rtcp_salt, cipher.salt_size, ssrc, word & SRTCP_INDEX_MAX)
    memcpy(aad, packet, SRTCP_HEADER)
    write_u32(aad + SRTCP_HEADER, word)
    if cipher.tag_before_index:
        status = cipher.open(&context.rtcp, iv, aad, sizeof(aad), packet + SRTCP_HEADER, plain_size - SRTCP_HEADER, NULL,
                             packet + plain_size, out + SRTCP_HEADER)
    else:
        status = cipher.open(&context.rtcp, iv, aad, SRTCP_HEADER, packet + SRTCP_HEADER, plain_size - SRTCP_HEADER,
                             aad + SRTCP_HEADER, packet + plain_size + SRTCP_WORD, out + SRTCP_HEADER)
    if status != OK:
        return status
    if out != packet:
        memcpy(out, aad, SRTCP_HEADER)
    out_size[0] = plain_size
    accept_sender(context, sender, ssrc, word & SRTCP_INDEX_MAX)
    return OK
