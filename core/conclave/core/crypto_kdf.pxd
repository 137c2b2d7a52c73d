"""Session keys and nonces of SRTP (RFC 3711 sections 4.1.1 and 4.3, RFC 7714 sections 8.1 and 11) (L3)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy
from conclave.core.status cimport Status
from conclave.core.wire cimport read_u16, read_u32, write_u16, write_u32

cdef enum:
    SALT_ROOM = 16                 # salts are kept padded with zeros to the size of AES-CM's IV
    # Key derivation labels (RFC 3711 section 4.3.1)
    LABEL_RTP_KEY = 0
    LABEL_RTP_AUTHENTICATION = 1
    LABEL_RTP_SALT = 2
    LABEL_RTCP_KEY = 3
    LABEL_RTCP_AUTHENTICATION = 4
    LABEL_RTCP_SALT = 5

# Derives one session key, key derivation rate 0. `key_size` is 16 or 32; `master_salt` is padded with zeros to SALT_ROOM.
cdef Status derive_key(uint8_t *out, size_t size, const uint8_t *master_key, size_t key_size, const uint8_t *master_salt,
                       uint8_t label) noexcept nogil


cdef inline void form_iv(uint8_t *iv, const uint8_t *salt, size_t salt_size, uint32_t ssrc, uint64_t index) noexcept nogil:
    """IV of a packet in SALT_ROOM bytes: for AES-CM and AES-GCM alike the salt's end meets SSRC and 48-bit index."""
    cdef uint8_t *place
    memcpy(iv, salt, SALT_ROOM)
    place = iv + salt_size - 10
    write_u32(place, read_u32(place) ^ ssrc)
    write_u16(place + 4, read_u16(place + 4) ^ <uint16_t> (index >> 32))
    write_u32(place + 6, read_u32(place + 6) ^ <uint32_t> index)
