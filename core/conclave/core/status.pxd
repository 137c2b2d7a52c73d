"""Outcomes of the core's C functions (L0). A hostile packet gives a Status, never an exception."""

cpdef enum Status:
    OK = 0
    TRUNCATED = 1               # the datagram ends before what it announces
    MALFORMED = 2               # a field has a value its RFC forbids
    UNSUPPORTED = 3             # well-formed, but nothing the core takes part in
    UNKNOWN_SENDER = 4          # no transport owns the address
    UNKNOWN_STREAM = 5          # no source owns the SSRC, MID or RID
    UNKNOWN_USER = 6            # STUN USERNAME names no transport
    AUTHENTICATION_FAILED = 7   # integrity check or authentication tag is wrong
    REPLAYED = 8                # index seen before, or older than the replay window
    INDEX_REUSED = 9            # the nonce guard refused to protect an index again
    KEY_EXHAUSTED = 10          # the master key's packet limit is reached
    NO_KEY = 11                 # SRTP before the DTLS handshake is done
    NO_SPACE = 12               # a preallocated pool or buffer is full
    TOO_LARGE = 13              # larger than the core forwards
    TOO_LATE = 14               # older than what can still be forwarded
    INACTIVE = 15               # from a source that is switched off, or nobody shows it
    STATUS_COUNT = 16

cdef const char *status_name(Status status) noexcept nogil
