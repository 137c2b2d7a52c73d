"""See ice.pxd."""
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp, memcpy, memmove, memset
from conclave.core.address cimport Address, address_equal, address_is_ipv4, path_equal
from conclave.core.status cimport (OK, REPLAYED, Status, UNKNOWN_USER, UNSUPPORTED)
from conclave.core.stun cimport (STUN_BINDING_REQUEST, StunMessage, stun_verify, stun_write_error,
                                 stun_write_success)

cdef uint64_t DISCONNECTED_NS = 5_000_000_000
cdef uint64_t CONSENT_EXPIRES_NS = 30_000_000_000      # RFC 7675 section 5.1
cdef uint64_t UDP_PREFERRED_NS = 3_000_000_000
cdef uint64_t MEDIA_FRESH_NS = 1_000_000_000


cdef void ice_init(IceTransport *ice, const IceCredentials *credentials, uint64_t now_ns) noexcept nogil:
    memset(ice, 0, sizeof(IceTransport))
    ice.credentials = credentials[0]
    ice.last_request_ns = now_ns
    ice.last_heard_ns = now_ns
    ice.state = CONSENT_ALIVE


cdef bint ice_knows(const IceTransport *ice, const Address *address) noexcept nogil:
    cdef int i
    for i in range(ice.address_count):
        if address_equal(&ice.addresses[i], address):
            return True
    return False


cdef bint ice_uses(const IceTransport *ice, const Address *address) noexcept nogil:
    return ((ice.has_selected and address_equal(&ice.selected, address))
            or (ice.has_nominated and address_equal(&ice.nominated, address)))


cdef const IceCheck *find_check(const IceTransport *ice, const uint8_t *transaction_id) noexcept nogil:
    cdef uint64_t i
    for i in range(min(ice.check_count, <uint64_t>ICE_CHECKS)):
        if memcmp(ice.checks[i].transaction_id, transaction_id, ICE_TRANSACTION_ID_SIZE) == 0:
            return &ice.checks[i]
    return NULL


cdef void note_check(IceTransport *ice, const uint8_t *transaction_id, const Address *source) noexcept nogil:
    cdef IceCheck *check = &ice.checks[ice.check_count % ICE_CHECKS]
    memcpy(check.transaction_id, transaction_id, ICE_TRANSACTION_ID_SIZE)
    check.source = source[0]
    ice.check_count += 1


cdef void forget_nominated(IceTransport *ice, const Address *address) noexcept nogil:
    if ice.has_nominated and address_equal(&ice.nominated, address):
        ice.has_nominated = False


cdef void remember(IceTransport *ice, const Address *address, IceOutcome *outcome) noexcept nogil:
    cdef int last = ice.address_count - 1
    if ice_knows(ice, address):
        return
    outcome.added = True
    if ice.address_count < ICE_ADDRESSES:
        ice.address_count += 1
    else:
        # The oldest gives way, but never the one in use.
        if ice.has_selected and address_equal(&ice.addresses[last], &ice.selected):
            last -= 1
        outcome.displaced = True
        forget_nominated(ice, &ice.addresses[last])
        outcome.displaced_address = ice.addresses[last]
        memmove(&ice.addresses[last], &ice.addresses[last + 1], (ICE_ADDRESSES - 1 - last) * sizeof(Address))
    memmove(&ice.addresses[1], &ice.addresses[0], (ice.address_count - 1) * sizeof(Address))
    ice.addresses[0] = address[0]


cdef bint selects(const IceTransport *ice, const Address *source, bint nominated, uint64_t now_ns) noexcept nogil:
    """Whether a check moves the transport to the address that it came from."""
    if not ice.has_selected:
        return True
    if not nominated or path_equal(&ice.selected, source):
        return False
    # Firefox nominates every pair that it tries (RFC 5245 section 8.1.1.2), and the one of highest priority counts: UDP's,
    # as long as UDP works.
    return not source.connection or ice.selected.connection or now_ns >= ice.preferred_until_ns


cdef void take_check(IceTransport *ice, const StunMessage *message, const Address *source, uint64_t now_ns,
                     IceOutcome *outcome) noexcept nogil:
    """What a request that came for the first time changes."""
    note_check(ice, message.transaction_id, source)
    ice.last_request_ns = now_ns
    ice_heard(ice, NULL, now_ns)
    remember(ice, source, outcome)
    if selects(ice, source, message.use_candidate, now_ns):
        if ice.has_selected and ice.last_media_ns and now_ns < ice.last_media_ns + MEDIA_FRESH_NS:
            ice.nominated = source[0]
            ice.has_nominated = True
        else:
            outcome.connected = not ice.was_selected
            ice.selected = source[0]
            ice.has_selected = ice.was_selected = True
            ice.has_nominated = False
    if address_equal(&ice.selected, source):
        ice.preferred_until_ns = now_ns + UDP_PREFERRED_NS


cdef Status ice_receive(IceTransport *ice, const StunMessage *message, const Address *source, uint64_t now_ns,
                        uint8_t *reply, IceOutcome *outcome) noexcept nogil:
    cdef const IceCredentials *credentials = &ice.credentials
    cdef const uint8_t *remote
    cdef size_t remote_size
    cdef const IceCheck *before
    cdef Status status
    memset(outcome, 0, sizeof(IceOutcome))
    if message.message_type != STUN_BINDING_REQUEST:
        return UNSUPPORTED
    if message.username == NULL or message.local_ufrag_size == 0:
        return UNKNOWN_USER
    # RFC 8445 section 7.2.2: USERNAME is the receiver's fragment, a colon, the sender's fragment.
    remote = message.username + message.local_ufrag_size + 1
    remote_size = message.username_size - message.local_ufrag_size - 1
    if (message.local_ufrag_size != credentials.local_ufrag_size
            or memcmp(message.username, credentials.local_ufrag, credentials.local_ufrag_size) != 0
            or remote_size != credentials.remote_ufrag_size
            or memcmp(remote, credentials.remote_ufrag, remote_size) != 0):
        return UNKNOWN_USER
    status = stun_verify(message, credentials.local_pwd, credentials.local_pwd_size)
    if status != OK:
        return status
    before = find_check(ice, message.transaction_id)
    if before != NULL and not address_equal(&before.source, source):
        return REPLAYED
    if message.unknown_required:
        outcome.reply_size = stun_write_error(reply, ICE_REPLY_MAX, message.transaction_id, 420, message.unknown_required,
                                              credentials.local_pwd, credentials.local_pwd_size)
        return OK
    if message.ice_controlled:
        # A lite side is always controlled: the other one has to change its role (RFC 8445 section 7.3.1.1).
        outcome.reply_size = stun_write_error(reply, ICE_REPLY_MAX, message.transaction_id, 487, 0,
                                              credentials.local_pwd, credentials.local_pwd_size)
        return OK
    if before == NULL:
        take_check(ice, message, source, now_ns, outcome)
    if address_is_ipv4(source):
        outcome.reply_size = stun_write_success(reply, ICE_REPLY_MAX, message.transaction_id, source.ip + 12, 4, source.port,
                                                credentials.local_pwd, credentials.local_pwd_size)
    else:
        outcome.reply_size = stun_write_success(reply, ICE_REPLY_MAX, message.transaction_id, source.ip, 16, source.port,
                                                credentials.local_pwd, credentials.local_pwd_size)
    return OK


cdef void ice_restart(IceTransport *ice, const IceCredentials *credentials) noexcept nogil:
    # The old addresses stay valid until the new checks select one: media goes on meanwhile (RFC 8445 section 9).
    ice.credentials = credentials[0]
    ice.preferred_until_ns = 0


cdef void ice_forget(IceTransport *ice, const Address *address) noexcept nogil:
    cdef int i
    for i in range(ice.address_count):
        if address_equal(&ice.addresses[i], address):
            memmove(&ice.addresses[i], &ice.addresses[i + 1], (ice.address_count - 1 - i) * sizeof(Address))
            ice.address_count -= 1
            break
    forget_nominated(ice, address)
    if ice.has_selected and address_equal(&ice.selected, address):
        ice.has_selected = False


cdef void ice_heard(IceTransport *ice, const Address *source, uint64_t now_ns) noexcept nogil:
    ice.last_heard_ns = now_ns
    if source == NULL or not ice.has_selected:
        return
    if ice.has_nominated and path_equal(&ice.nominated, source):
        ice.selected = source[0]
        ice.has_nominated = False
    if path_equal(&ice.selected, source):
        ice.last_media_ns = now_ns


cdef bint ice_poll(IceTransport *ice, uint64_t now_ns) noexcept nogil:
    cdef ConsentState state = CONSENT_ALIVE
    if now_ns >= ice.last_request_ns + CONSENT_EXPIRES_NS:
        state = CONSENT_FAILED
    elif now_ns >= ice.last_heard_ns + DISCONNECTED_NS or (ice.was_selected and not ice.has_selected):
        state = CONSENT_DISCONNECTED
    if state == ice.state:
        return False
    ice.state = state
    return True
