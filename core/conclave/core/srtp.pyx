"""See srtp.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memmove, memset
from conclave.core.crypto cimport Cipher, SealJob
from conclave.core.crypto_kdf cimport SALT_ROOM, form_iv
from conclave.core.crypto_libsrtp cimport libsrtp_protect, libsrtp_unprotect
from conclave.core.sealing cimport Sealing, sealing_add, sealing_finish
from conclave.core.srtp_context cimport PACKET_MAX, SrtpContext, srtp_has_key
from conclave.core.status cimport (
    INDEX_REUSED, KEY_EXHAUSTED, MALFORMED, NO_KEY, OK, REPLAYED, Status, TOO_LARGE, TRUNCATED, UNKNOWN_STREAM, UNSUPPORTED,
)
from conclave.core.wire cimport read_u16, read_u32, write_u32

cdef enum:
    RTP_FIXED_HEADER = 12

cdef uint64_t INDEX_MAX = (<uint64_t> 1 << 48) - 1


# --- Streams, indices, replay --------------------------------------------------------------------------------------

cdef void srtp_send_stream_init(SendStream *stream, uint32_t ssrc) noexcept nogil:
    memset(stream, 0, sizeof(SendStream))
    stream.ssrc = ssrc


cdef void srtp_receive_stream_init(ReceiveStream *stream, uint32_t ssrc) noexcept nogil:
    memset(stream, 0, sizeof(ReceiveStream))
    stream.ssrc = ssrc


cdef uint64_t srtp_guess_index(bint started, uint64_t highest, uint16_t sequence_number) noexcept nogil:
    cdef uint64_t rollover = highest >> 16
    cdef int last = <int> (highest & 0xFFFF)
    if not started:
        return sequence_number
    if last < 32768:
        # Before the first wrap there is no earlier round to belong to: it can only be a jump ahead.
        if sequence_number - last > 32768 and rollover > 0:
            rollover -= 1
    elif last - 32768 > sequence_number:
        rollover += 1
    return (rollover << 16) | sequence_number


cdef inline bint is_replayed(const ReceiveStream *stream, uint64_t index) noexcept nogil:
    if not stream.started or index > stream.highest:
        return False
    if stream.highest - index >= REPLAY_WINDOW_BITS:
        return True
    return (stream.window[(index % REPLAY_WINDOW_BITS) >> 6] >> (index & 63)) & 1


cdef void accept(ReceiveStream *stream, uint64_t index) noexcept nogil:
    """Moves the window to an authenticated index. The window is a ring: index modulo its size is the bit."""
    cdef uint64_t cleared
    if not stream.started:
        stream.started = True
        stream.highest = index
        memset(stream.window, 0, sizeof(stream.window))
    elif index > stream.highest:
        if index - stream.highest >= REPLAY_WINDOW_BITS:
            memset(stream.window, 0, sizeof(stream.window))
        else:
            cleared = stream.highest + 1
            while cleared < index:
                stream.window[(cleared % REPLAY_WINDOW_BITS) >> 6] &= ~(<uint64_t> 1 << (cleared & 63))
                cleared += 1
        stream.highest = index
    stream.window[(index % REPLAY_WINDOW_BITS) >> 6] |= <uint64_t> 1 << (index & 63)


# --- SRTP ----------------------------------------------------------------------------------------------------------

cdef inline Status use_index(SrtpContext *context, SendStream *stream, uint64_t index, const uint8_t *header, size_t header_size,
                             size_t payload_size) noexcept nogil:
    """Refuses what must not be protected; OK has used the index up."""
    cdef const Cipher *cipher = context.cipher
    if header_size < RTP_FIXED_HEADER:
        return TRUNCATED
    if read_u16(header + 2) != <uint16_t> (index & 0xFFFF) or read_u32(header + 8) != stream.ssrc:
        return MALFORMED
    if header_size > PACKET_MAX or payload_size > PACKET_MAX - header_size:
        return TOO_LARGE
    if not srtp_has_key(context):
        return NO_KEY
    if index > INDEX_MAX:
        return KEY_EXHAUSTED
    if stream.started and index <= stream.highest:
        return INDEX_REUSED
    if cipher == NULL and index - (stream.highest if stream.started else 0) >= (32768 if stream.started else 65536):
        # libsrtp finds the rollover counter from the sequence number alone: it cannot be told to leap over half a round.
        return UNSUPPORTED
    # The index is used up before the cipher runs: were it to fail half way, the nonce must not come again.
    stream.started = True
    stream.highest = index
    return OK


cdef Status srtp_protect(SrtpContext *context, SendStream *stream, uint64_t index, const uint8_t *header, size_t header_size,
                         const uint8_t *payload, size_t payload_size, uint8_t *out, size_t *out_size) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    cdef uint8_t trailer[4]
    cdef const Cipher *cipher = context.cipher
    cdef Status status = use_index(context, stream, index, header, header_size, payload_size)
    if status != OK:
        return status
    if header != out:
        memmove(out, header, header_size)
    if cipher == NULL:
        memmove(out + header_size, payload, payload_size)
        out_size[0] = header_size + payload_size
        return libsrtp_protect(&context.libsrtp, out, out_size)
    form_iv(iv, context.rtp_salt, cipher.salt_size, stream.ssrc, index)
    write_u32(trailer, <uint32_t> (index >> 16))
    status = cipher.seal(&context.rtp, iv, header, header_size, payload, payload_size, trailer, out + header_size,
                         out + header_size + payload_size)
    out_size[0] = header_size + payload_size + cipher.tag_size
    return status


cdef Status srtp_protect_together(SrtpContext *context, SendStream *stream, uint64_t index, const uint8_t *header,
                                  size_t header_size, const uint8_t *payload, size_t payload_size, uint8_t *out,
                                  size_t *out_size, Sealing *sealing) noexcept nogil:
    cdef const Cipher *cipher = context.cipher
    cdef SealJob *job
    cdef Status status
    if cipher == NULL or cipher.seal_all == NULL or sealing.lanes == NULL or payload_size == 0:
        return srtp_protect(context, stream, index, header, header_size, payload, payload_size, out, out_size)
    status = use_index(context, stream, index, header, header_size, payload_size)
    if status != OK:
        return status
    job = sealing_add(sealing, cipher)
    if job == NULL:
        sealing_finish(sealing)
        job = sealing_add(sealing, cipher)
    if header != out:
        memmove(out, header, header_size)
    memmove(out + header_size, payload, payload_size)
    form_iv(job.iv, context.rtp_salt, cipher.salt_size, stream.ssrc, index)
    write_u32(job.trailer, <uint32_t> (index >> 16))
    job.key = &context.rtp
    job.packet = out
    job.header_size = header_size
    job.payload_size = payload_size
    out_size[0] = header_size + payload_size + cipher.tag_size
    return OK


cdef Status srtp_unprotect(SrtpContext *context, ReceiveStream *stream, const uint8_t *packet, size_t size, size_t header_size,
                           uint8_t *out, size_t *out_size, uint64_t *index) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    cdef uint8_t trailer[4]
    cdef Status status
    cdef size_t payload_size
    cdef uint64_t guess
    cdef const Cipher *cipher = context.cipher
    if not srtp_has_key(context):
        return NO_KEY
    if header_size < RTP_FIXED_HEADER or size < header_size or size - header_size < context.tag_size:
        return TRUNCATED
    if size > PACKET_MAX:
        return TOO_LARGE
    if read_u32(packet + 8) != stream.ssrc:
        return UNKNOWN_STREAM
    guess = srtp_guess_index(stream.started, stream.highest, read_u16(packet + 2))
    if guess > INDEX_MAX:
        return KEY_EXHAUSTED
    if is_replayed(stream, guess):
        return REPLAYED
    payload_size = size - header_size - context.tag_size
    if cipher == NULL:
        if out != packet:
            memmove(out, packet, size)
        out_size[0] = size
        status = libsrtp_unprotect(&context.libsrtp, out, out_size)
        if status != OK:
            memset(out + header_size, 0, payload_size)
    else:
        form_iv(iv, context.rtp_salt, cipher.salt_size, stream.ssrc, guess)
        write_u32(trailer, <uint32_t> (guess >> 16))
        status = cipher.open(&context.rtp, iv, packet, header_size, packet + header_size, payload_size, trailer,
                             packet + header_size + payload_size, out + header_size)
        if status == OK and out != packet:
            memmove(out, packet, header_size)
        out_size[0] = header_size + payload_size
    if status != OK:
        return status
    accept(stream, guess)
    index[0] = guess
    return OK
