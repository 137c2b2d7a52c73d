"""SRTP as Python has it, for tests and tools: packets in, packets out, errors raised (L3)."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy
from conclave.core.arena cimport KeyArena, arena_destroy, arena_init, arena_take
from conclave.core.crypto cimport Backend, Cipher
from conclave.core.crypto_backends cimport find_backend
from conclave.core.crypto_openssl cimport openssl_backend
from conclave.core.rtp cimport RtpHeader, rtp_parse
from conclave.core.srtcp cimport SRTCP_OVERHEAD_MAX, srtcp_protect, srtcp_unprotect
from conclave.core.sealing cimport Sealing, sealing_destroy, sealing_finish, sealing_init
from conclave.core.srtp cimport (
    ReceiveStream, SRTP_OVERHEAD_MAX, SendStream, srtp_guess_index, srtp_protect, srtp_protect_together, srtp_receive_stream_init, srtp_send_stream_init,
    srtp_unprotect,
)
from conclave.core.srtp_context cimport (
    SRTP_AES128_CM_HMAC_SHA1_80, SrtpContext, SrtpProfile, srtp_context_init_with, srtp_context_size, srtp_context_wipe,
    srtp_find_cipher, srtp_install_keys, srtp_overhead,
)
from conclave.core.status cimport UNSUPPORTED
from conclave.core.wire cimport read_u16, read_u32

from conclave.core.errors import raise_status

__all__ = ["Session"]


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
        raise_status(srtp_context_init_with(self._context, find_backend(name), <SrtpProfile> profile, &master_key[0], &master_salt[0]))

    @classmethod
    def from_session_keys(cls, int profile, const uint8_t[::1] key, const uint8_t[::1] salt, str backend="auto"):
        """A session with AES-GCM session keys instead of master keys, the same for SRTP and SRTCP, as RFC 7714's examples have it."""
        cdef Session session = cls.__new__(cls)
        cdef const Cipher *cipher
        session._start(profile, backend)
        name = backend.encode("ascii")
        cipher = srtp_find_cipher(find_backend(name), <SrtpProfile> profile)
        if cipher == NULL or <SrtpProfile> profile == SRTP_AES128_CM_HMAC_SHA1_80:
            raise ValueError("session keys are for AES-GCM, and libsrtp takes none")
        if <size_t> key.shape[0] != cipher.key_size or <size_t> salt.shape[0] != cipher.salt_size:
            raise ValueError(f"this profile takes a key of {cipher.key_size} bytes and a salt of {cipher.salt_size}")
        memcpy(session._context.rtp_salt, &salt[0], cipher.salt_size)
        memcpy(session._context.rtcp_salt, &salt[0], cipher.salt_size)
        raise_status(srtp_install_keys(session._context, cipher, &key[0], NULL, &key[0], NULL))
        return session

    cdef const Cipher *_start(self, int profile, str backend) except NULL:
        cdef const Cipher *shape = srtp_find_cipher(openssl_backend(), <SrtpProfile> profile)
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
        number = srtp_guess_index(state.stream.started, state.stream.highest, read_u16(data + 2)) if index is None else index
        out = bytearray(size + SRTP_OVERHEAD_MAX)
        cdef uint8_t[::1] view = out
        raise_status(srtp_protect(self._context, &state.stream, number, data, header.header_size, data + header.header_size,
                                  size - header.header_size, &view[0], &out_size))
        self._sending[state.stream.ssrc] = state
        return bytes(out[:out_size])

    def protect_together(self, list packets):
        """Protects RTP packets with ascending indices together, as the core does those of many receivers."""
        cdef Sealing sealing
        cdef RtpHeader header
        cdef const uint8_t[::1] packet
        cdef uint8_t[::1] view
        cdef size_t offset = 0, out_size = 0, size
        cdef SendState state
        out = bytearray(sum(len(packet) + SRTP_OVERHEAD_MAX for packet in packets) + SRTP_OVERHEAD_MAX)
        view = out
        ends = []
        sealing_init(&sealing)
        try:
            for packet in packets:
                size = packet.shape[0]
                raise_status(rtp_parse(&header, &packet[0], size))
                state = self._sending.setdefault(read_u32(&packet[8]), SendState())
                if not state.stream.started:
                    srtp_send_stream_init(&state.stream, read_u32(&packet[8]))
                raise_status(srtp_protect_together(
                    self._context, &state.stream, srtp_guess_index(state.stream.started, state.stream.highest, read_u16(&packet[2])),
                    &packet[0], header.header_size, &packet[header.header_size], size - header.header_size, &view[offset], &out_size,
                    &sealing))
                offset += out_size
                ends.append(offset)
            sealing_finish(&sealing)
            assert sealing.failed == 0
        finally:
            sealing_destroy(&sealing)
        return [bytes(out[start:end]) for start, end in zip([0, *ends], ends)]

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
