"""SRTP and SRTCP (RFC 3711, RFC 7714): transforms, replay windows and the nonce guard (L3)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove, memset
from conclave.core.arena cimport KeyArena, arena_destroy, arena_init, arena_take
from conclave.core.crypto cimport Backend, Cipher, CipherKey
from conclave.core.crypto_backends cimport find_backend
from conclave.core.crypto_kdf cimport (
    LABEL_RTCP_AUTHENTICATION, LABEL_RTCP_KEY, LABEL_RTCP_SALT, LABEL_RTP_AUTHENTICATION, LABEL_RTP_KEY, LABEL_RTP_SALT, SALT_ROOM,
    derive_key, form_iv,
)
from conclave.core.crypto_libsrtp cimport (
    LibsrtpSessions, libsrtp_close, libsrtp_open, libsrtp_protect, libsrtp_protect_rtcp, libsrtp_unprotect,
    libsrtp_unprotect_rtcp,
)
from conclave.core.crypto_openssl cimport openssl_backend
from conclave.core.rtp cimport RtpHeader, rtp_parse
from conclave.core.status cimport (
    Status, OK, INDEX_REUSED, KEY_EXHAUSTED, MALFORMED, NO_KEY, NO_SPACE, REPLAYED, TOO_LARGE, TRUNCATED,
    UNKNOWN_STREAM, UNSUPPORTED,
)
from conclave.core.wire cimport read_u16, read_u32, write_u16, write_u32

from conclave.core.errors import raise_status

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void *memory, size_t size)

__all__ = [
    "Session",
    "SrtpProfile",
    "choose_backend",
    "chosen_backend",
    "context_size",
]

cdef enum:
    RTP_FIXED_HEADER = 12
    SRTCP_HEADER = 8               # the part of an RTCP packet that stays in the clear
    SRTCP_WORD = 4                 # E flag and index
    PACKET_MAX = 65535
    AUTHENTICATION_KEY_SIZE = 20
    MASTER_KEY_MAX = 32
    SRTCP_INDEX_MAX = 0x7FFFFFFF
    SRTCP_WINDOW_BITS = 64

cdef uint64_t INDEX_MAX = (<uint64_t> 1 << 48) - 1

cdef struct SrtcpSender:
    uint32_t ssrc
    uint32_t highest
    uint64_t window                # bit n: index `highest - n` was authenticated

cdef struct SrtpContext:
    CipherKey rtp                  # first, so that both keys lie on 64-byte boundaries
    CipherKey rtcp
    const Cipher *cipher           # NULL when libsrtp takes whole packets
    LibsrtpSessions libsrtp
    size_t tag_size
    bint tag_before_index          # as in Cipher
    uint8_t rtp_salt[SALT_ROOM]
    uint8_t rtcp_salt[SALT_ROOM]
    uint32_t next_srtcp_index
    uint32_t sender_count
    SrtcpSender senders[SRTCP_STREAMS]

cdef const Backend *CHOSEN = NULL


# --- Backend -------------------------------------------------------------------------------------------------------

cdef Status srtp_choose_backend(const char *name) noexcept nogil:
    """Later contexts use the named backend; each context keeps the one that it was made with."""
    global CHOSEN
    cdef const Backend *backend = find_backend(name)
    if backend == NULL:
        return UNSUPPORTED
    CHOSEN = backend
    return OK


cdef const char *srtp_backend_name() noexcept nogil:
    if CHOSEN == NULL:
        return b""
    return CHOSEN.name


# --- Keys ----------------------------------------------------------------------------------------------------------

cdef const Cipher *find_cipher(const Backend *backend, SrtpProfile profile) noexcept nogil:
    if profile == SRTP_AES128_CM_HMAC_SHA1_80:
        return backend.aes_128_cm
    if profile == SRTP_AEAD_AES_128_GCM:
        return backend.aes_128_gcm
    if profile == SRTP_AEAD_AES_256_GCM:
        return backend.aes_256_gcm
    return NULL


cdef Status install(SrtpContext *context, const Cipher *cipher, const uint8_t *rtp_key, const uint8_t *rtp_authentication,
                    const uint8_t *rtcp_key, const uint8_t *rtcp_authentication) noexcept nogil:
    """Expands session keys; the salts are in the context already."""
    cdef Status status
    context.cipher = cipher
    context.tag_size = cipher.tag_size
    context.tag_before_index = cipher.tag_before_index
    status = cipher.init(&context.rtp, rtp_key, rtp_authentication)
    if status == OK:
        status = cipher.init(&context.rtcp, rtcp_key, rtcp_authentication)
    return status


cdef Status init_with_cipher(SrtpContext *context, const Cipher *cipher, const uint8_t *master_key,
                             const uint8_t *master_salt) noexcept nogil:
    cdef uint8_t salt[SALT_ROOM]
    cdef uint8_t keys[2][MASTER_KEY_MAX]
    cdef uint8_t authentication[2][AUTHENTICATION_KEY_SIZE]
    cdef size_t key_size = cipher.key_size
    cdef Status status
    memset(salt, 0, SALT_ROOM)
    memcpy(salt, master_salt, cipher.salt_size)
    status = derive_key(keys[0], key_size, master_key, key_size, salt, LABEL_RTP_KEY)
    if status == OK:
        status = derive_key(authentication[0], AUTHENTICATION_KEY_SIZE, master_key, key_size, salt, LABEL_RTP_AUTHENTICATION)
    if status == OK:
        status = derive_key(context.rtp_salt, cipher.salt_size, master_key, key_size, salt, LABEL_RTP_SALT)
    if status == OK:
        status = derive_key(keys[1], key_size, master_key, key_size, salt, LABEL_RTCP_KEY)
    if status == OK:
        status = derive_key(authentication[1], AUTHENTICATION_KEY_SIZE, master_key, key_size, salt, LABEL_RTCP_AUTHENTICATION)
    if status == OK:
        status = derive_key(context.rtcp_salt, cipher.salt_size, master_key, key_size, salt, LABEL_RTCP_SALT)
    if status == OK:
        status = install(context, cipher, keys[0], authentication[0], keys[1], authentication[1])
    explicit_bzero(salt, sizeof(salt))
    explicit_bzero(keys, sizeof(keys))
    explicit_bzero(authentication, sizeof(authentication))
    return status


cdef Status init_with_libsrtp(SrtpContext *context, SrtpProfile profile, const uint8_t *master_key,
                              const uint8_t *master_salt) noexcept nogil:
    # Sizes of keys, salts and tags belong to the profile; OpenSSL's table tells them.
    cdef const Cipher *shape = find_cipher(openssl_backend(), profile)
    context.tag_size = shape.tag_size
    context.tag_before_index = shape.tag_before_index
    return libsrtp_open(&context.libsrtp, <int> profile, master_key, shape.key_size, master_salt, shape.salt_size)


cdef Status init_with_backend(SrtpContext *context, const Backend *backend, SrtpProfile profile, const uint8_t *master_key,
                              const uint8_t *master_salt) noexcept nogil:
    cdef const Cipher *cipher = find_cipher(backend, profile)
    cdef Status status
    if find_cipher(openssl_backend(), profile) == NULL:
        return UNSUPPORTED
    if cipher == NULL:
        status = init_with_libsrtp(context, profile, master_key, master_salt)
    else:
        status = init_with_cipher(context, cipher, master_key, master_salt)
    if status != OK:
        srtp_context_wipe(context)
    return status


cdef size_t srtp_context_size() noexcept nogil:
    return sizeof(SrtpContext)


cdef Status srtp_context_init(SrtpContext *context, SrtpProfile profile, const uint8_t *master_key,
                              const uint8_t *master_salt) noexcept nogil:
    cdef Status status
    if CHOSEN == NULL:
        status = srtp_choose_backend(b"auto")
        if status != OK:
            return status
    return init_with_backend(context, CHOSEN, profile, master_key, master_salt)


cdef void srtp_context_wipe(SrtpContext *context) noexcept nogil:
    if context.cipher != NULL:
        context.cipher.wipe(&context.rtp)
        context.cipher.wipe(&context.rtcp)
    libsrtp_close(&context.libsrtp)
    explicit_bzero(context, sizeof(SrtpContext))


cdef size_t srtp_overhead(const SrtpContext *context) noexcept nogil:
    return context.tag_size


cdef inline bint has_key(const SrtpContext *context) noexcept nogil:
    return context.cipher != NULL or context.libsrtp.outgoing != NULL


# --- Streams, indices, replay --------------------------------------------------------------------------------------

cdef void srtp_send_stream_init(SendStream *stream, uint32_t ssrc) noexcept nogil:
    memset(stream, 0, sizeof(SendStream))
    stream.ssrc = ssrc


cdef void srtp_receive_stream_init(ReceiveStream *stream, uint32_t ssrc) noexcept nogil:
    memset(stream, 0, sizeof(ReceiveStream))
    stream.ssrc = ssrc


cdef uint64_t guess_index(bint started, uint64_t highest, uint16_t sequence_number) noexcept nogil:
    """The index that is nearest to `highest` (RFC 3711 appendix A); above INDEX_MAX when the rollover counter is used up."""
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

cdef Status srtp_protect(SrtpContext *context, SendStream *stream, uint64_t index, const uint8_t *header, size_t header_size,
                         const uint8_t *payload, size_t payload_size, uint8_t *out, size_t *out_size) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    cdef uint8_t trailer[4]
    cdef Status status
    cdef const Cipher *cipher = context.cipher
    if header_size < RTP_FIXED_HEADER:
        return TRUNCATED
    if read_u16(header + 2) != <uint16_t> (index & 0xFFFF) or read_u32(header + 8) != stream.ssrc:
        return MALFORMED
    if header_size > PACKET_MAX or payload_size > PACKET_MAX - header_size:
        return TOO_LARGE
    if not has_key(context):
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


cdef Status srtp_unprotect(SrtpContext *context, ReceiveStream *stream, const uint8_t *packet, size_t size, size_t header_size,
                           uint8_t *out, size_t *out_size, uint64_t *index) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    cdef uint8_t trailer[4]
    cdef Status status
    cdef size_t payload_size
    cdef uint64_t guess
    cdef const Cipher *cipher = context.cipher
    if not has_key(context):
        return NO_KEY
    if header_size < RTP_FIXED_HEADER or size < header_size or size - header_size < context.tag_size:
        return TRUNCATED
    if size > PACKET_MAX:
        return TOO_LARGE
    if read_u32(packet + 8) != stream.ssrc:
        return UNKNOWN_STREAM
    guess = guess_index(stream.started, stream.highest, read_u16(packet + 2))
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


# --- SRTCP ---------------------------------------------------------------------------------------------------------

cdef Status srtcp_protect(SrtpContext *context, const uint8_t *packet, size_t size, uint8_t *out, size_t *out_size) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    cdef uint8_t aad[SRTCP_HEADER + SRTCP_WORD]
    cdef uint32_t index = context.next_srtcp_index
    cdef const Cipher *cipher = context.cipher
    cdef Status status
    if not has_key(context):
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
    if not has_key(context):
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


# --- Face for tests and tools --------------------------------------------------------------------------------------

def choose_backend(str name):
    """Chooses the backend of later contexts: "auto" or a name of `crypto_backends.backends()`. PacketRefused for one that does not work here."""
    encoded = name.encode("ascii")
    raise_status(srtp_choose_backend(encoded))


def chosen_backend():
    """Name of the process's backend; empty before the first choice."""
    return srtp_backend_name().decode("ascii")


def context_size():
    """Bytes of one context, before the arena rounds them up."""
    return srtp_context_size()


cdef class SendState:
    """One SSRC that a Session sends."""
    cdef SendStream stream


cdef class ReceiveState:
    """One SSRC that a Session receives."""
    cdef ReceiveStream stream


cdef class Session:
    """One direction of a transport with its streams, for tests and tools: packets in, packets out, errors raised.

    Never use two sessions to send under one key: each has its own nonce guard.
    """
    cdef KeyArena _arena
    cdef SrtpContext *_context
    cdef dict _sending
    cdef dict _receiving
    cdef readonly str backend

    def __init__(self, int profile, const uint8_t[::1] master_key, const uint8_t[::1] master_salt, str backend="auto"):
        cdef const Cipher *shape = self._start(profile, backend)
        if <size_t> master_key.shape[0] != shape.key_size or <size_t> master_salt.shape[0] != shape.salt_size:
            raise ValueError(f"this profile takes a key of {shape.key_size} bytes and a salt of {shape.salt_size}")
        name = backend.encode("ascii")
        raise_status(init_with_backend(self._context, find_backend(name), <SrtpProfile> profile, &master_key[0], &master_salt[0]))

    @classmethod
    def from_session_keys(cls, int profile, const uint8_t[::1] key, const uint8_t[::1] salt, str backend="auto"):
        """A session with AES-GCM session keys instead of master keys, the same for SRTP and SRTCP, as RFC 7714's examples have it."""
        cdef Session session = cls.__new__(cls)
        cdef const Cipher *cipher
        session._start(profile, backend)
        name = backend.encode("ascii")
        cipher = find_cipher(find_backend(name), <SrtpProfile> profile)
        if cipher == NULL or <SrtpProfile> profile == SRTP_AES128_CM_HMAC_SHA1_80:
            raise ValueError("session keys are for AES-GCM, and libsrtp takes none")
        if <size_t> key.shape[0] != cipher.key_size or <size_t> salt.shape[0] != cipher.salt_size:
            raise ValueError(f"this profile takes a key of {cipher.key_size} bytes and a salt of {cipher.salt_size}")
        memcpy(session._context.rtp_salt, &salt[0], cipher.salt_size)
        memcpy(session._context.rtcp_salt, &salt[0], cipher.salt_size)
        raise_status(install(session._context, cipher, &key[0], NULL, &key[0], NULL))
        return session

    cdef const Cipher *_start(self, int profile, str backend) except NULL:
        cdef const Cipher *shape = find_cipher(openssl_backend(), <SrtpProfile> profile)
        cdef const Backend *found
        name = backend.encode("ascii")
        found = find_backend(name)
        if shape == NULL or found == NULL:
            raise_status(UNSUPPORTED)
        if self._context != NULL:
            raise ValueError("a session is set up once")
        if arena_init(&self._arena, srtp_context_size(), 1) != 0:
            raise MemoryError("no protected memory for a context")
        self._context = <SrtpContext *> arena_take(&self._arena)
        self._sending = {}
        self._receiving = {}
        self.backend = found.name.decode("ascii")
        return shape

    def __dealloc__(self):
        self.wipe()
        arena_destroy(&self._arena)

    cpdef wipe(self):
        """Forgets the keys; the session refuses every packet from then on."""
        if self._context != NULL:
            srtp_context_wipe(self._context)

    @property
    def overhead(self):
        """Bytes that protection adds to an RTP packet."""
        return srtp_overhead(self._context)

    @property
    def next_srtcp_index(self):
        """Index of the next SRTCP packet sent."""
        return self._context.next_srtcp_index

    @next_srtcp_index.setter
    def next_srtcp_index(self, uint32_t index):
        """Leaps ahead. ValueError for a step back, which would use an index again."""
        if index < self._context.next_srtcp_index:
            raise ValueError("an SRTCP index is never used again")
        self._context.next_srtcp_index = index

    def sent_index(self, uint32_t ssrc):
        """Highest index sent under an SSRC, None before its first packet."""
        cdef SendState state = self._sending.get(ssrc)
        return state.stream.highest if state is not None else None

    def received_index(self, uint32_t ssrc):
        """Highest index authenticated under an SSRC, None when no packet of it was."""
        cdef ReceiveState state = self._receiving.get(ssrc)
        return state.stream.highest if state is not None else None

    def protect(self, const uint8_t[::1] packet, index=None):
        """Protects one RTP packet.

        index: its 48-bit index; without one, the index nearest to the stream's highest. Raises IndexReused unless it is above all before.
        """
        cdef size_t size = packet.shape[0]
        cdef const uint8_t *data = &packet[0] if size else NULL
        cdef RtpHeader header
        cdef size_t out_size = 0
        cdef uint64_t number
        cdef SendState state
        raise_status(rtp_parse(&header, data, size))
        state = self._sending.get(read_u32(data + 8))
        if state is None:
            state = SendState()
            srtp_send_stream_init(&state.stream, read_u32(data + 8))
        number = guess_index(state.stream.started, state.stream.highest, read_u16(data + 2)) if index is None else index
        out = bytearray(size + SRTP_OVERHEAD_MAX)
        cdef uint8_t[::1] view = out
        raise_status(srtp_protect(self._context, &state.stream, number, data, header.header_size, data + header.header_size,
                                  size - header.header_size, &view[0], &out_size))
        self._sending[state.stream.ssrc] = state
        return bytes(out[:out_size])

    def unprotect(self, const uint8_t[::1] packet):
        """Verifies and decrypts one SRTP packet. A stream begins with its first authentic packet."""
        cdef size_t size = packet.shape[0]
        cdef const uint8_t *data = &packet[0] if size else NULL
        cdef RtpHeader header
        cdef size_t out_size = 0
        cdef uint64_t index = 0
        cdef ReceiveState state
        raise_status(rtp_parse(&header, data, size))
        state = self._receiving.get(read_u32(data + 8))
        if state is None:
            state = ReceiveState()
            srtp_receive_stream_init(&state.stream, read_u32(data + 8))
        out = bytearray(size)
        cdef uint8_t[::1] view = out
        raise_status(srtp_unprotect(self._context, &state.stream, data, size, header.header_size, &view[0], &out_size, &index))
        self._receiving[state.stream.ssrc] = state
        return bytes(out[:out_size])

    def protect_rtcp(self, const uint8_t[::1] packet):
        """Protects one compound RTCP packet."""
        cdef size_t out_size = 0
        cdef size_t size = packet.shape[0]
        out = bytearray(size + SRTCP_OVERHEAD_MAX)
        cdef uint8_t[::1] view = out
        raise_status(srtcp_protect(self._context, &packet[0] if size else NULL, size, &view[0], &out_size))
        return bytes(out[:out_size])

    def unprotect_rtcp(self, const uint8_t[::1] packet):
        """Verifies and decrypts one SRTCP packet."""
        cdef size_t out_size = 0
        cdef size_t size = packet.shape[0]
        out = bytearray(size + 1)
        cdef uint8_t[::1] view = out
        raise_status(srtcp_unprotect(self._context, &packet[0] if size else NULL, size, &view[0], &out_size))
        return bytes(out[:out_size])
