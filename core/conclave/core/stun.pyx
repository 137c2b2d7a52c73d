"""STUN binding requests and responses as ICE uses them (RFC 8489, RFC 8445) (L1)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset, strlen
from conclave.core.status cimport Status, OK, TRUNCATED, MALFORMED, TOO_LARGE, AUTHENTICATION_FAILED
from conclave.core.wire cimport read_u16, read_u32, read_u64, write_u16, write_u32

from dataclasses import dataclass

from conclave.core.errors import raise_status

__all__ = [
    "Message",
    "StunType",
    "parse_message",
    "verify_message",
    "write_error",
    "write_success",
]

cdef extern from * nogil:
    """
    /* OpenSSL's HMAC() asks for memory 13 times a call; SHA1_* is deprecated, not gone, and asks for none. */
    #define OPENSSL_SUPPRESS_DEPRECATED
    #include <openssl/crypto.h>
    #include <openssl/sha.h>
    """
    ctypedef struct SHA_CTX:
        pass
    int SHA1_Init(SHA_CTX *context)
    int SHA1_Update(SHA_CTX *context, const void *data, size_t size)
    int SHA1_Final(uint8_t *digest, SHA_CTX *context)
    int CRYPTO_memcmp(const void *a, const void *b, size_t size)

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void *memory, size_t size)

# CRC-32 of ITU V.42 by half bytes: 64 bytes of table stay in the cache, and constants need no start-up.
cdef extern from *:
    """
    static const uint32_t conclave_crc32_table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    """
    const uint32_t conclave_crc32_table[16]

cdef enum:
    HEADER_SIZE = 20
    MESSAGE_MAX = 1472             # one datagram; a binding request has about 100 bytes
    MAGIC_COOKIE = 0x2112A442
    FINGERPRINT_XOR = 0x5354554E
    ATTRIBUTE_MAPPED_ADDRESS = 0x0001
    ATTRIBUTE_USERNAME = 0x0006
    ATTRIBUTE_MESSAGE_INTEGRITY = 0x0008
    ATTRIBUTE_ERROR_CODE = 0x0009
    ATTRIBUTE_UNKNOWN_ATTRIBUTES = 0x000A
    ATTRIBUTE_REALM = 0x0014
    ATTRIBUTE_NONCE = 0x0015
    ATTRIBUTE_XOR_MAPPED_ADDRESS = 0x0020
    ATTRIBUTE_PRIORITY = 0x0024
    ATTRIBUTE_USE_CANDIDATE = 0x0025
    ATTRIBUTE_FINGERPRINT = 0x8028
    ATTRIBUTE_ICE_CONTROLLED = 0x8029
    ATTRIBUTE_ICE_CONTROLLING = 0x802A
    FIRST_OPTIONAL = 0x8000        # from here on an unknown attribute is to be ignored (RFC 8489 section 14)
    INTEGRITY_SIZE = 24            # attribute head and HMAC-SHA1
    FINGERPRINT_SIZE = 8
    SHA1_SIZE = 20
    SHA1_BLOCK_SIZE = 64


cdef uint32_t crc32(const uint8_t *data, size_t size) noexcept nogil:
    cdef uint32_t crc = 0xFFFFFFFF
    cdef size_t i
    for i in range(size):
        crc ^= data[i]
        crc = (crc >> 4) ^ conclave_crc32_table[crc & 15]
        crc = (crc >> 4) ^ conclave_crc32_table[crc & 15]
    return ~crc


cdef void sha1(uint8_t *digest, const uint8_t *block, const uint8_t *data, size_t size) noexcept nogil:
    """SHA-1 of a block (none when NULL) and of data behind it."""
    cdef SHA_CTX running
    SHA1_Init(&running)
    if block != NULL:
        SHA1_Update(&running, block, SHA1_BLOCK_SIZE)
    SHA1_Update(&running, data, size)
    SHA1_Final(digest, &running)
    explicit_bzero(&running, sizeof(running))


cdef void hmac_sha1(uint8_t *mac, const uint8_t *key, size_t key_size, const uint8_t *data, size_t size) noexcept nogil:
    """HMAC-SHA1, 20 bytes (RFC 2104 section 2)."""
    cdef uint8_t block[SHA1_BLOCK_SIZE]
    cdef int i
    memset(block, 0, SHA1_BLOCK_SIZE)
    if key_size > SHA1_BLOCK_SIZE:
        sha1(block, NULL, key, key_size)
    else:
        memcpy(block, key, key_size)
    for i in range(SHA1_BLOCK_SIZE):
        block[i] ^= 0x36
    sha1(mac, block, data, size)
    for i in range(SHA1_BLOCK_SIZE):
        block[i] ^= 0x36 ^ 0x5C
    sha1(mac, block, mac, SHA1_SIZE)
    explicit_bzero(block, sizeof(block))


cdef Status integrity(uint8_t *mac, const uint8_t *data, size_t size, const uint8_t *password, size_t password_size) noexcept nogil:
    """HMAC-SHA1 (20 bytes) of a message up to its MESSAGE-INTEGRITY at `size`, as if it ended with that (RFC 8489 section 14.5)."""
    cdef uint8_t covered[MESSAGE_MAX]
    if size > MESSAGE_MAX or password_size > MESSAGE_MAX:
        return TOO_LARGE
    memcpy(covered, data, size)
    write_u16(covered + 2, <uint16_t>(size + INTEGRITY_SIZE - HEADER_SIZE))
    hmac_sha1(mac, password, password_size, covered, size)
    return OK


cdef Status take_attribute(StunMessage *out, uint16_t kind, const uint8_t *value, size_t size) noexcept nogil:
    """Notes one attribute from before MESSAGE-INTEGRITY. MALFORMED when its size is not the one its RFC gives."""
    cdef size_t i
    if kind == ATTRIBUTE_USERNAME:
        # RFC 8489 section 14: of an attribute that appears twice only the first counts.
        if out.username != NULL:
            return OK
        out.username = value
        out.username_size = size
        for i in range(size):
            if value[i] == c":":
                out.local_ufrag_size = i
                break
    elif kind == ATTRIBUTE_PRIORITY:
        if size != 4:
            return MALFORMED
        if not out.has_priority:
            out.has_priority = True
            out.priority = read_u32(value)
    elif kind == ATTRIBUTE_USE_CANDIDATE:
        if size != 0:
            return MALFORMED
        out.use_candidate = True
    elif kind == ATTRIBUTE_ICE_CONTROLLED or kind == ATTRIBUTE_ICE_CONTROLLING:
        if size != 8:
            return MALFORMED
        # RFC 8445 section 7.1.2: one or the other; the first decides the role.
        if not out.ice_controlled and not out.ice_controlling:
            out.ice_controlled = kind == ATTRIBUTE_ICE_CONTROLLED
            out.ice_controlling = not out.ice_controlled
            out.tie_breaker = read_u64(value)
    elif kind == 0:
        return MALFORMED
    elif kind < FIRST_OPTIONAL and out.unknown_required == 0 and not (
            kind == ATTRIBUTE_MAPPED_ADDRESS or kind == ATTRIBUTE_ERROR_CODE or kind == ATTRIBUTE_UNKNOWN_ATTRIBUTES
            or kind == ATTRIBUTE_REALM or kind == ATTRIBUTE_NONCE or kind == ATTRIBUTE_XOR_MAPPED_ADDRESS):
        out.unknown_required = kind
    return OK


cdef Status stun_parse(StunMessage *out, const uint8_t *data, size_t size) noexcept nogil:
    """Checks magic cookie, length, attribute walk and FINGERPRINT (RFC 8489 sections 5, 14). `out` is undefined unless OK.

    The message must fill the datagram. MALFORMED also for a FINGERPRINT that is wrong or not the last attribute;
    TOO_LARGE above 1472 bytes.
    """
    cdef size_t offset = HEADER_SIZE
    cdef size_t value_size
    cdef size_t padded_size
    cdef uint16_t kind
    cdef Status status
    if size < HEADER_SIZE:
        return TRUNCATED
    if size > MESSAGE_MAX:
        return TOO_LARGE
    if data[0] & 0xC0 or read_u32(data + 4) != MAGIC_COOKIE:
        return MALFORMED
    value_size = read_u16(data + 2)
    if value_size % 4:
        return MALFORMED
    if HEADER_SIZE + value_size > size:
        return TRUNCATED
    if HEADER_SIZE + value_size < size:
        return MALFORMED
    memset(out, 0, sizeof(StunMessage))
    out.message_type = read_u16(data)
    out.data = data
    out.size = size
    out.transaction_id = data + 8
    while offset < size:
        # Both `size` and `offset` are multiples of 4, so an attribute's head is always there, and its padding with its value.
        kind = read_u16(data + offset)
        value_size = read_u16(data + offset + 2)
        padded_size = (value_size + 3) & ~<size_t>3
        if size - offset - 4 < padded_size:
            return MALFORMED
        if kind == ATTRIBUTE_FINGERPRINT:
            if value_size != 4 or offset + FINGERPRINT_SIZE != size:
                return MALFORMED
            if read_u32(data + offset + 4) != (crc32(data, offset) ^ <uint32_t>FINGERPRINT_XOR):
                return MALFORMED
        elif out.integrity_offset == 0:
            if kind == ATTRIBUTE_MESSAGE_INTEGRITY:
                if value_size != INTEGRITY_SIZE - 4:
                    return MALFORMED
                out.integrity_offset = offset
            else:
                status = take_attribute(out, kind, data + offset + 4, value_size)
                if status != OK:
                    return status
        offset += 4 + padded_size
    return OK


cdef Status stun_verify(const StunMessage *message, const uint8_t *password, size_t password_size) noexcept nogil:
    """Verifies MESSAGE-INTEGRITY with a short-term password in constant time; AUTHENTICATION_FAILED when wrong or absent."""
    cdef uint8_t mac[20]
    if message.integrity_offset == 0:
        return AUTHENTICATION_FAILED
    if integrity(mac, message.data, message.integrity_offset, password, password_size) != OK:
        return AUTHENTICATION_FAILED
    if CRYPTO_memcmp(mac, message.data + message.integrity_offset + 4, 20) != 0:
        return AUTHENTICATION_FAILED
    return OK


cdef void write_head(uint8_t *out, uint16_t message_type, const uint8_t *transaction_id) noexcept nogil:
    write_u16(out, message_type)
    write_u16(out + 2, 0)
    write_u32(out + 4, MAGIC_COOKIE)
    memcpy(out + 8, transaction_id, 12)


cdef size_t finish(uint8_t *out, size_t size, const uint8_t *password, size_t password_size) noexcept nogil:
    """Adds MESSAGE-INTEGRITY unless `password` is NULL, then FINGERPRINT. Returns the message's size, 0 for one too long."""
    if password != NULL:
        if integrity(out + size + 4, out, size, password, password_size) != OK:
            return 0
        write_u16(out + size, ATTRIBUTE_MESSAGE_INTEGRITY)
        write_u16(out + size + 2, INTEGRITY_SIZE - 4)
        size += INTEGRITY_SIZE
    write_u16(out + 2, <uint16_t>(size + FINGERPRINT_SIZE - HEADER_SIZE))
    write_u16(out + size, ATTRIBUTE_FINGERPRINT)
    write_u16(out + size + 2, 4)
    write_u32(out + size + 4, crc32(out, size) ^ <uint32_t>FINGERPRINT_XOR)
    return size + FINGERPRINT_SIZE


cdef size_t stun_write_success(uint8_t *out, size_t capacity, const uint8_t *transaction_id, const uint8_t *address,
                               size_t address_size, uint16_t port, const uint8_t *password, size_t password_size) noexcept nogil:
    """Writes a success response with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 section 14.2).

    address: 4 or 16 bytes in network order; port: host order. Returns the bytes written, 0 below a capacity of 128.
    """
    cdef size_t i
    if capacity < STUN_RESPONSE_MAX or (address_size != 4 and address_size != 16):
        return 0
    write_head(out, STUN_BINDING_SUCCESS, transaction_id)
    write_u16(out + HEADER_SIZE, ATTRIBUTE_XOR_MAPPED_ADDRESS)
    write_u16(out + HEADER_SIZE + 2, <uint16_t>(4 + address_size))
    out[HEADER_SIZE + 4] = 0
    out[HEADER_SIZE + 5] = 1 if address_size == 4 else 2
    write_u16(out + HEADER_SIZE + 6, port ^ (<uint32_t>MAGIC_COOKIE >> 16))
    for i in range(address_size):
        # The cookie and the transaction id lie behind one another in the head just written.
        out[HEADER_SIZE + 8 + i] = address[i] ^ out[4 + i]
    return finish(out, HEADER_SIZE + 8 + address_size, password, password_size)


cdef const char *reason_phrase(uint16_t code) noexcept nogil:
    if code == 400:
        return "Bad Request"
    if code == 401:
        return "Unauthenticated"
    if code == 420:
        return "Unknown Attribute"
    if code == 487:
        return "Role Conflict"
    return NULL


cdef size_t stun_write_error(uint8_t *out, size_t capacity, const uint8_t *transaction_id, uint16_t code,
                             uint16_t unknown_required, const uint8_t *password, size_t password_size) noexcept nogil:
    """Writes an error response (400, 401, 420, 487); 420 lists `unknown_required` (RFC 8489 sections 14.8, 14.9).

    `password` NULL leaves integrity out. Returns the bytes written, 0 for another code or below a capacity of 128.
    """
    cdef const char *reason = reason_phrase(code)
    cdef size_t size = HEADER_SIZE
    cdef size_t reason_size
    if capacity < STUN_RESPONSE_MAX or reason == NULL:
        return 0
    reason_size = strlen(reason)
    # Padding is zero, and so are the bytes between the attributes' fields.
    memset(out, 0, STUN_RESPONSE_MAX)
    write_head(out, STUN_BINDING_ERROR, transaction_id)
    write_u16(out + size, ATTRIBUTE_ERROR_CODE)
    write_u16(out + size + 2, <uint16_t>(4 + reason_size))
    out[size + 6] = <uint8_t>(code // 100)
    out[size + 7] = <uint8_t>(code % 100)
    memcpy(out + size + 8, reason, reason_size)
    size += 8 + ((reason_size + 3) & ~<size_t>3)
    if code == 420:
        write_u16(out + size, ATTRIBUTE_UNKNOWN_ATTRIBUTES)
        write_u16(out + size + 2, 2)
        write_u16(out + size + 4, unknown_required)
        size += 8
    return finish(out, size, password, password_size)


# The Python face, for tests and tools.

@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message; None for an absent attribute. integrity_offset: bytes from its start, 0 when absent."""
    message_type: int
    transaction_id: bytes
    username: bytes | None
    local_ufrag: bytes
    integrity_offset: int
    use_candidate: bool
    priority: int | None
    ice_controlling: bool
    ice_controlled: bool
    tie_breaker: int
    unknown_required: int


def parse_message(bytes datagram not None) -> Message:
    """Fields of a STUN message. Raises the error of its Status."""
    cdef StunMessage message
    cdef Status status = stun_parse(&message, datagram, len(datagram))
    if status != OK:
        raise_status(status)
    return Message(
        message_type=message.message_type,
        transaction_id=message.transaction_id[:12],
        username=None if message.username == NULL else message.username[:message.username_size],
        local_ufrag=b"" if message.username == NULL else message.username[:message.local_ufrag_size],
        integrity_offset=message.integrity_offset,
        use_candidate=message.use_candidate,
        priority=message.priority if message.has_priority else None,
        ice_controlling=message.ice_controlling,
        ice_controlled=message.ice_controlled,
        tie_breaker=message.tie_breaker,
        unknown_required=message.unknown_required,
    )


def verify_message(bytes datagram not None, bytes password not None) -> None:
    """Parses a message and verifies its MESSAGE-INTEGRITY. Raises the error of the Status."""
    cdef const uint8_t *key = password
    cdef StunMessage message
    cdef Status status = stun_parse(&message, datagram, len(datagram))
    if status == OK:
        status = stun_verify(&message, key, len(password))
    if status != OK:
        raise_status(status)


def write_success(bytes transaction_id not None, bytes address not None, uint16_t port, bytes password not None) -> bytes:
    """A success response. transaction_id: 12 bytes; address: 4 or 16 bytes in network order."""
    cdef uint8_t out[STUN_RESPONSE_MAX]
    cdef size_t size
    if len(transaction_id) != 12 or len(address) not in (4, 16):
        raise ValueError("a transaction id has 12 bytes, an address 4 or 16")
    size = stun_write_success(out, sizeof(out), transaction_id, address, len(address), port, password, len(password))
    return out[:size]


def write_error(bytes transaction_id not None, uint16_t code, uint16_t unknown_required = 0, bytes password = None) -> bytes:
    """An error response; without a password no MESSAGE-INTEGRITY. transaction_id: 12 bytes; code: 400, 401, 420 or 487."""
    cdef uint8_t out[STUN_RESPONSE_MAX]
    cdef const uint8_t *key = NULL
    cdef size_t key_size = 0
    cdef size_t size
    if len(transaction_id) != 12:
        raise ValueError("a transaction id has 12 bytes")
    if password is not None:
        key = password
        key_size = len(password)
    size = stun_write_error(out, sizeof(out), transaction_id, code, unknown_required, key, key_size)
    if size == 0:
        raise ValueError(f"no error response has code {code}; use 400, 401, 420 or 487")
    return out[:size]
