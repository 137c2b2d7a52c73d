"""The libsrtp inside pylibsrtp's wheel, called without Python (L2).

The wheel brings libsrtp and a cryptographic library of its own, so this backend needs nothing else on the machine. Python
is used once, when the backend is chosen: it takes the addresses of libsrtp's functions and has libsrtp fill in a policy
a profile and direction. A context then copies the policy that it needs and only adds its key, without the GIL.
"""
from libc.stdint cimport uint8_t, uintptr_t
from libc.string cimport memcpy
from conclave.core.crypto cimport Backend
from conclave.core.status cimport (
    Status, OK, AUTHENTICATION_FAILED, KEY_EXHAUSTED, MALFORMED, NO_KEY, NO_SPACE, REPLAYED, UNSUPPORTED,
)

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void *memory, size_t size)

cdef enum:
    POLICY_SIZE_MAX = 512
    PROFILES = 3
    REPLAY_WINDOW = 1024           # as wide as the core's own window, which decides first
    MASTER_SIZE_MAX = 46
    # srtp_err_status_t of libsrtp 2
    LIBSRTP_OK = 0
    LIBSRTP_BAD_PARAM = 2
    LIBSRTP_ALLOC_FAIL = 3
    LIBSRTP_AUTH_FAIL = 7
    LIBSRTP_REPLAY_FAIL = 9
    LIBSRTP_REPLAY_OLD = 10
    LIBSRTP_KEY_EXPIRED = 15
    LIBSRTP_PARSE_ERROR = 21

ctypedef int (*create_t)(void **session, void *policy) noexcept nogil
ctypedef int (*dealloc_t)(void *session) noexcept nogil
ctypedef int (*process_t)(void *session, void *packet, int *size) noexcept nogil

cdef struct Policy:                # one profile in one direction, without its key
    int profile
    uint8_t bytes[POLICY_SIZE_MAX]

cdef struct Library:
    create_t create
    dealloc_t dealloc
    process_t protect
    process_t unprotect
    process_t protect_rtcp
    process_t unprotect_rtcp
    size_t policy_size
    size_t key_offset              # of the pointer to key and salt
    Policy outgoing[PROFILES]
    Policy incoming[PROFILES]

cdef Library LIBRARY
cdef bint LOADED = False
cdef Backend BACKEND
BACKEND.name = b"libsrtp"


def _fill_policy(ffi, lib, profile, direction):
    """Bytes of a policy that libsrtp filled in for one profile and direction, its key pointer NULL."""
    policy = ffi.new("srtp_policy_t *")
    for part in (lib.srtp_crypto_policy_set_from_profile_for_rtp(ffi.addressof(policy.rtp), profile),
                 lib.srtp_crypto_policy_set_from_profile_for_rtcp(ffi.addressof(policy.rtcp), profile)):
        if part != LIBSRTP_OK:
            raise ImportError(f"libsrtp knows no profile {profile}")
    policy.ssrc.type = direction
    policy.window_size = REPLAY_WINDOW
    return bytes(ffi.buffer(policy))


def _load():
    """Takes libsrtp's entry points and policies out of pylibsrtp. ImportError when they are not as expected."""
    global LOADED
    # Importing the package, not only its binding, runs srtp_init().
    import pylibsrtp
    from pylibsrtp._binding import ffi, lib

    cdef uintptr_t addresses[6]
    cdef int number
    cdef bytes policy
    names = ("srtp_create", "srtp_dealloc", "srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
    for number, name in enumerate(names):
        addresses[number] = int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))
    LIBRARY.create = <create_t> addresses[0]
    LIBRARY.dealloc = <dealloc_t> addresses[1]
    LIBRARY.protect = <process_t> addresses[2]
    LIBRARY.unprotect = <process_t> addresses[3]
    LIBRARY.protect_rtcp = <process_t> addresses[4]
    LIBRARY.unprotect_rtcp = <process_t> addresses[5]
    LIBRARY.policy_size = ffi.sizeof("srtp_policy_t")
    LIBRARY.key_offset = ffi.offsetof("srtp_policy_t", "key")
    if LIBRARY.policy_size > POLICY_SIZE_MAX:
        raise ImportError("pylibsrtp's policy is larger than expected")
    profiles = (lib.srtp_profile_aes128_cm_sha1_80, lib.srtp_profile_aead_aes_128_gcm, lib.srtp_profile_aead_aes_256_gcm)
    for number, profile in enumerate(profiles):
        LIBRARY.outgoing[number].profile = profile
        policy = _fill_policy(ffi, lib, profile, lib.ssrc_any_outbound)
        memcpy(LIBRARY.outgoing[number].bytes, <const char *> policy, LIBRARY.policy_size)
        LIBRARY.incoming[number].profile = profile
        policy = _fill_policy(ffi, lib, profile, lib.ssrc_any_inbound)
        memcpy(LIBRARY.incoming[number].bytes, <const char *> policy, LIBRARY.policy_size)
    LOADED = True


cdef bint load() noexcept with gil:
    try:
        _load()
    except (ImportError, AttributeError):
        return False
    return True


cdef const Backend *libsrtp_backend() noexcept nogil:
    return &BACKEND if LOADED or load() else NULL


cdef Status create(void **session, const Policy *policy, uint8_t *master) noexcept nogil:
    cdef uint8_t filled[POLICY_SIZE_MAX]
    cdef int outcome
    memcpy(filled, policy.bytes, LIBRARY.policy_size)
    memcpy(filled + LIBRARY.key_offset, &master, sizeof(master))
    outcome = LIBRARY.create(session, filled)
    return OK if outcome == LIBSRTP_OK else (NO_SPACE if outcome == LIBSRTP_ALLOC_FAIL else NO_KEY)


cdef Status libsrtp_open(LibsrtpSessions *sessions, int profile, const uint8_t *master_key, size_t key_size,
                         const uint8_t *master_salt, size_t salt_size) noexcept nogil:
    cdef uint8_t master[MASTER_SIZE_MAX]
    cdef int number
    cdef Status status = UNSUPPORTED
    memcpy(master, master_key, key_size)
    memcpy(master + key_size, master_salt, salt_size)
    for number in range(PROFILES):
        if LIBRARY.outgoing[number].profile == profile:
            status = create(&sessions.outgoing, &LIBRARY.outgoing[number], master)
            if status == OK:
                status = create(&sessions.incoming, &LIBRARY.incoming[number], master)
    explicit_bzero(master, MASTER_SIZE_MAX)
    if status != OK:
        libsrtp_close(sessions)
    return status


cdef void libsrtp_close(LibsrtpSessions *sessions) noexcept nogil:
    if sessions.outgoing != NULL:
        LIBRARY.dealloc(sessions.outgoing)
    if sessions.incoming != NULL:
        LIBRARY.dealloc(sessions.incoming)
    sessions.outgoing = NULL
    sessions.incoming = NULL


cdef inline Status process(process_t function, void *session, uint8_t *packet, size_t *size, Status otherwise) noexcept nogil:
    cdef int length = <int> size[0]
    cdef int outcome = function(session, packet, &length)
    if outcome == LIBSRTP_OK:
        size[0] = <size_t> length
        return OK
    if outcome == LIBSRTP_AUTH_FAIL:
        return AUTHENTICATION_FAILED
    if outcome == LIBSRTP_REPLAY_FAIL or outcome == LIBSRTP_REPLAY_OLD:
        return REPLAYED
    if outcome == LIBSRTP_KEY_EXPIRED:
        return KEY_EXHAUSTED
    if outcome == LIBSRTP_BAD_PARAM or outcome == LIBSRTP_PARSE_ERROR:
        return MALFORMED
    return otherwise


cdef Status libsrtp_protect(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil:
    return process(LIBRARY.protect, sessions.outgoing, packet, size, NO_KEY)


cdef Status libsrtp_unprotect(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil:
    return process(LIBRARY.unprotect, sessions.incoming, packet, size, AUTHENTICATION_FAILED)


cdef Status libsrtp_protect_rtcp(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil:
    return process(LIBRARY.protect_rtcp, sessions.outgoing, packet, size, NO_KEY)


cdef Status libsrtp_unprotect_rtcp(LibsrtpSessions *sessions, uint8_t *packet, size_t *size) noexcept nogil:
    return process(LIBRARY.unprotect_rtcp, sessions.incoming, packet, size, AUTHENTICATION_FAILED)
