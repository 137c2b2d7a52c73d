"""Outcomes of the core's C functions (L0)."""

__all__ = ["Status", "status_names"]

cdef const char *NAMES[16]
NAMES[:] = [
    b"ok",
    b"truncated",
    b"malformed",
    b"unsupported",
    b"unknown_sender",
    b"unknown_stream",
    b"unknown_user",
    b"authentication_failed",
    b"replayed",
    b"index_reused",
    b"key_exhausted",
    b"no_key",
    b"no_space",
    b"too_large",
    b"too_late",
    b"inactive",
]


cdef const char *status_name(Status status) noexcept nogil:
    """Name of a status as counters are labelled with it; "unknown" for a value outside the enum."""
    if <int> status < 0 or <int> status >= <int> STATUS_COUNT:
        return b"unknown"
    return NAMES[<int> status]


def status_names():
    """Names of all statuses, by value: the labels of the drop counters."""
    cdef int value
    return [status_name(<Status> value).decode("ascii") for value in range(<int> STATUS_COUNT)]
