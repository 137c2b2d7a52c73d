"""One WebRTC client after its handshake: a connected socket, consent, keys, and the streams it sends and receives."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.srtp_context cimport SrtpContext
from conclave.core.twcc cimport ArrivalLog
from load.sockets cimport Arrival, Letters
from load.source cimport Source
from load.stream cimport Stream

cdef enum:
    CREDENTIAL_MAX = 600           # a username of two user fragments (RFC 8445 section 5.3)
    PASSWORD_MAX = 257
    LEG_SOURCES = 16
    LEG_STREAMS = 64

cdef struct LegCounters:
    uint64_t checks_sent
    uint64_t checks_answered
    uint64_t checks_received       # of a peer that checks too, and answered
    uint64_t unknown               # RTP of no stream
    uint64_t refused               # RTCP that failed authentication or makes no sense
    uint64_t dropped               # by the made-up loss
    uint64_t remb_bitrate          # bits per second, the last told; 0 for none

cdef struct Leg:
    int socket
    uint32_t number
    SrtpContext *send
    SrtpContext *receive
    uint8_t username[CREDENTIAL_MAX]
    size_t username_size
    uint8_t remote_pwd[PASSWORD_MAX]
    size_t remote_pwd_size
    uint8_t local_pwd[PASSWORD_MAX]
    size_t local_pwd_size
    uint8_t peer_ip[4]
    uint16_t peer_port
    uint32_t rtcp_ssrc
    uint8_t transport_cc_id        # of the extension that numbers what it receives; 0 for none
    ArrivalLog arrivals
    uint32_t arrived_ssrc
    uint64_t next_check_ns
    uint64_t next_report_ns
    uint64_t next_feedback_ns
    uint64_t random
    uint64_t loss                  # what it receives is lost when 32 random bits are below
    int source_count
    Source *sources[LEG_SOURCES]
    int stream_count
    Stream *streams[LEG_STREAMS]
    LegCounters counters

# Takes what came on the leg's socket; `letters` is empty before, and what the leg answers is in it.
cdef void leg_take(Leg *leg, const Arrival *arrival, uint64_t now_ns, Letters *letters, uint8_t *scratch) noexcept nogil
# Consent checks (RFC 7675), reports and transport-wide feedback that are due.
cdef void leg_keep(Leg *leg, uint64_t now_ns, uint64_t real_ns, Letters *letters) noexcept nogil
# Asks for what is missing.
cdef void leg_ask(Leg *leg, uint64_t now_ns, Letters *letters) noexcept nogil
