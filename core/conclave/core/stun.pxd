"""STUN binding requests and responses as ICE uses them (RFC 8489, RFC 8445) (L1)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.status cimport Status

cpdef enum StunType:
    STUN_BINDING_REQUEST = 0x0001
    STUN_BINDING_INDICATION = 0x0011
    STUN_BINDING_SUCCESS = 0x0101
    STUN_BINDING_ERROR = 0x0111

cdef enum:
    STUN_RESPONSE_MAX = 128        # bytes that a response may need

cdef struct StunMessage:
    uint16_t message_type
    const uint8_t *data            # the whole message
    size_t size
    const uint8_t *transaction_id  # 12 bytes
    const uint8_t *username        # NULL when absent
    size_t username_size
    size_t local_ufrag_size        # bytes of username before ':'; 0 when there is no ':'
    size_t integrity_offset        # of the MESSAGE-INTEGRITY attribute; 0 when absent
    bint use_candidate
    bint has_priority              # FFmpeg's whip muxer sends none: allowed
    uint32_t priority
    bint ice_controlling
    bint ice_controlled
    uint64_t tie_breaker
    uint16_t unknown_required      # first unknown comprehension-required attribute; 0 for none

# Checks magic cookie, length and attribute walk, and FINGERPRINT when present (a wrong one is MALFORMED). Attributes after
# MESSAGE-INTEGRITY other than FINGERPRINT are ignored (RFC 8489 section 14.5).
cdef Status stun_parse(StunMessage *out, const uint8_t *data, size_t size) noexcept nogil
# Verifies MESSAGE-INTEGRITY with a short-term password in constant time; AUTHENTICATION_FAILED when wrong or absent.
cdef Status stun_verify(const StunMessage *message, const uint8_t *password, size_t password_size) noexcept nogil
# Writes a success response with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT. `address` is 4 or 16 bytes in
# network order, `port` in host order. Returns the bytes written, 0 when `capacity` (at least 128) is too small.
cdef size_t stun_write_success(uint8_t *out, size_t capacity, const uint8_t *transaction_id, const uint8_t *address,
                               size_t address_size, uint16_t port, const uint8_t *password, size_t password_size) noexcept nogil
# Writes an error response (400, 401, 420, 487); 420 lists `unknown_required`. `password` NULL leaves integrity out.
cdef size_t stun_write_error(uint8_t *out, size_t capacity, const uint8_t *transaction_id, uint16_t code,
                             uint16_t unknown_required, const uint8_t *password, size_t password_size) noexcept nogil
