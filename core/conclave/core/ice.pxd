"""The ICE-lite side of one transport (RFC 8445 section 2.5, consent by RFC 7675) (L4)."""
from libc.stdint cimport uint8_t, uint16_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.status cimport Status
from conclave.core.stun cimport StunMessage

cdef enum:
    ICE_UFRAG_MAX = 64             # RFC 8839 allows 256; browsers use 4 to 8
    ICE_PWD_MAX = 64
    ICE_ADDRESSES = 4              # validated addresses remembered a transport
    ICE_CHECKS = 32                # requests remembered a transport: a replay of one of them is told
    ICE_REPLY_MAX = 192
    ICE_TRANSACTION_ID_SIZE = 12

cpdef enum ConsentState:
    CONSENT_ALIVE = 0
    CONSENT_DISCONNECTED = 1       # nothing authentic for 5 s, or its connection was closed; it may come back
    CONSENT_FAILED = 2             # no authenticated request for 30 s: nothing is sent any more

cdef struct IceCredentials:
    uint8_t local_ufrag[ICE_UFRAG_MAX]
    uint8_t local_pwd[ICE_PWD_MAX]
    uint8_t remote_ufrag[ICE_UFRAG_MAX]
    uint8_t local_ufrag_size
    uint8_t local_pwd_size
    uint8_t remote_ufrag_size

cdef struct IceCheck:              # a request that was taken
    uint8_t transaction_id[ICE_TRANSACTION_ID_SIZE]
    Address source

cdef struct IceTransport:
    IceCredentials credentials
    Address addresses[ICE_ADDRESSES]   # validated, newest first
    uint8_t address_count
    bint has_selected
    bint was_selected              # an address was selected at some time
    Address selected               # where everything is sent
    bint has_nominated
    Address nominated              # while media came from the selected one; selected when media comes from here
    uint64_t last_media_ns         # last media from the selected address
    IceCheck checks[ICE_CHECKS]    # a ring
    uint64_t check_count
    uint64_t preferred_until_ns    # when TCP may take over from UDP, unless an authenticated request comes from there
    uint64_t last_request_ns       # last authenticated request: consent
    uint64_t last_heard_ns         # last authentic packet of any kind
    ConsentState state

cdef struct IceOutcome:
    size_t reply_size              # bytes of `reply` to send back to where the request came from; 0 for none
    bint connected                 # the first address was selected
    bint added                     # the address is new: route it to this transport
    bint displaced                 # an older address gave way: stop routing it
    Address displaced_address

cdef void ice_init(IceTransport *ice, const IceCredentials *credentials, uint64_t now_ns) noexcept nogil
# Answers a parsed binding request that was routed here by its local user fragment. Anything but OK is dropped by the caller.
# Who sees a request can send it again, from any address, for as long as the credentials last. So one of the last ICE_CHECKS
# from another address is REPLAYED, from the same one it is answered (a retransmission) and changes nothing; and none moves
# the transport away from where media comes from, which nobody can replay, until it comes from the new address.
cdef Status ice_receive(IceTransport *ice, const StunMessage *message, const Address *source, uint64_t now_ns,
                        uint8_t *reply, IceOutcome *outcome) noexcept nogil
cdef bint ice_knows(const IceTransport *ice, const Address *address) noexcept nogil
cdef bint ice_uses(const IceTransport *ice, const Address *address) noexcept nogil         # or is about to
# The address is gone with its connection. When it was the selected one, nothing is sent until a check selects another.
cdef void ice_forget(IceTransport *ice, const Address *address) noexcept nogil
cdef void ice_restart(IceTransport *ice, const IceCredentials *credentials) noexcept nogil
# An authentic packet came. source: from where, when it is media that nobody can have sent before; else NULL.
cdef void ice_heard(IceTransport *ice, const Address *source, uint64_t now_ns) noexcept nogil
# Applies the passage of time; true when `state` changed.
cdef bint ice_poll(IceTransport *ice, uint64_t now_ns) noexcept nogil
