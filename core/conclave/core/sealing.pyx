"""See sealing.pxd."""
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memset
from conclave.core.crypto cimport Cipher, SealJob
from conclave.core.crypto_ipsec_mb cimport ipsec_mb_close_lanes, ipsec_mb_open_lanes
from conclave.core.status cimport NO_KEY, OK, Status

__all__ = ["seal_with_a_backend_that_fails"]


cdef void sealing_init(Sealing *sealing) noexcept nogil:
    memset(sealing, 0, sizeof(Sealing))
    sealing.lanes = ipsec_mb_open_lanes()


cdef void sealing_destroy(Sealing *sealing) noexcept nogil:
    ipsec_mb_close_lanes(sealing.lanes)
    memset(sealing, 0, sizeof(Sealing))


cdef SealJob *sealing_add(Sealing *sealing, const Cipher *cipher) noexcept nogil:
    if sealing.lanes == NULL or sealing.count == SEALING_MAX or (sealing.count and sealing.cipher != cipher):
        return NULL
    sealing.cipher = cipher
    sealing.count += 1
    return &sealing.jobs[sealing.count - 1]


cdef Status seal_one_by_one(Sealing *sealing) noexcept nogil:
    cdef SealJob *job
    cdef uint8_t *payload
    cdef Status status = OK
    cdef size_t i
    for i in range(sealing.count):
        job = &sealing.jobs[i]
        payload = job.packet + job.header_size
        if status == OK:
            status = sealing.cipher.seal(job.key, job.iv, job.packet, job.header_size, payload, job.payload_size, job.trailer,
                                         payload, payload + job.payload_size)
    return status


cdef void sealing_finish(Sealing *sealing) noexcept nogil:
    cdef SealJob *job
    cdef Status status
    cdef size_t i
    if sealing.count < SEALING_FEW:
        status = seal_one_by_one(sealing)
    else:
        status = sealing.cipher.seal_all(sealing.lanes, sealing.jobs, sealing.count)
    if status != OK:
        sealing.failed += sealing.count
        for i in range(sealing.count):
            job = &sealing.jobs[i]
            memset(job.packet, 0, job.header_size + job.payload_size + sealing.cipher.tag_size)
    sealing.count = 0


cdef Status fail(void *lanes, SealJob *jobs, size_t count) noexcept nogil:
    return NO_KEY


def seal_with_a_backend_that_fails(list packets):
    """What is left of packets, and 10 bytes behind each, when the backend fails to seal them together."""
    cdef Cipher failing
    cdef Sealing sealing
    cdef SealJob *job
    cdef uint8_t[::1] view
    memset(&failing, 0, sizeof(Cipher))
    memset(&sealing, 0, sizeof(Sealing))
    failing.tag_size = 10
    failing.seal_all = fail
    sealing.lanes = &sealing               # not NULL; the backend that fails does not look
    buffers = [bytearray(packet + bytes(10)) for packet in packets]
    for buffer in buffers:
        view = buffer
        job = sealing_add(&sealing, &failing)
        assert job != NULL
        job.packet = &view[0]
        job.header_size = 12
        job.payload_size = len(buffer) - 22
    sealing_finish(&sealing)
    assert sealing.failed == <uint64_t>len(packets)
    return [bytes(buffer) for buffer in buffers]
