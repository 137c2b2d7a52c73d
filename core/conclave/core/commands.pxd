"""What the control thread asks of a router: legs made and ended, keys, wishes (L6)."""
from libc.stdint cimport uint32_t, uint64_t
from conclave.core.ice cimport IceCredentials
from conclave.core.leg cimport LegSetup
from conclave.core.router cimport Router
from conclave.core.srtp_context cimport SrtpContext
from conclave.core.status cimport Status

cdef enum CommandType:
    COMMAND_CREATE_LEG
    COMMAND_DELETE_LEG
    COMMAND_RESTART_ICE
    COMMAND_SET_KEYS
    COMMAND_SET_SLOT
    COMMAND_SET_SOURCE_ACTIVE

# Outcome of a command, written by the worker before it counts as applied.
cdef struct CommandResult:
    Status status
    uint32_t leg                   # CREATE_LEG: the number given
    uint32_t pool                  # CREATE_LEG with NO_SPACE: which pool (PoolName)
    SrtpContext *send              # DELETE_LEG: the key contexts, which go back to the control thread's arena
    SrtpContext *receive

cdef enum PoolName:
    POOL_LEGS
    POOL_SOURCES
    POOL_SLOTS
    POOL_TABLES

cdef struct Command:
    CommandType command
    uint32_t leg
    uint32_t source                # SET_SLOT (0 for none), SET_SOURCE_ACTIVE
    uint32_t slot
    uint32_t value                 # SET_SLOT: highest layer; SET_SOURCE_ACTIVE: whether it is
    const LegSetup *setup          # CREATE_LEG; owned by the caller until applied
    const IceCredentials *credentials  # RESTART_ICE; likewise
    SrtpContext *send              # SET_KEYS
    SrtpContext *receive
    CommandResult *result

# Carries a command out and writes its result.
cdef void command_apply(Router *router, const Command *command, uint64_t now_ns) noexcept nogil
