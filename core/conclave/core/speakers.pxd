"""Who speaks, from RFC 6464 audio levels: smoothed, with hysteresis (L3)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef struct SpeakerLevel:          # one an audio source
    float loudness                 # smoothed 127 - level, 0 silent to 127
    uint64_t last_voice_ns
    uint64_t last_packet_ns
    bint speaking

cdef void speaker_init(SpeakerLevel *level) noexcept nogil
cdef void speaker_heard(SpeakerLevel *level, uint8_t audio_level, bint voice, uint64_t now_ns) noexcept nogil
# Decays silent sources and updates `speaking` (on: loudness above 50 (that is -77 dBov.. choose by test) for 100 ms of voice; off after 600 ms without). True when it changed.
cdef bint speaker_update(SpeakerLevel *level, uint64_t now_ns) noexcept nogil
# Fills `slots` (source numbers, 0 empty) from `candidates` (with their levels, own source left out): everybody fits -> everybody, in place;
# else a candidate louder by a margin than the quietest shown takes its place. Shown sources keep their slot. Returns true when a slot changed.
cdef bint speakers_assign(uint32_t *slots, size_t slot_count, const uint32_t *candidates, const SpeakerLevel *const *levels,
                          size_t candidate_count, uint64_t now_ns) noexcept nogil
