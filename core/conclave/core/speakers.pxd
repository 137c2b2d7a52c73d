"""Who speaks, from RFC 6464 audio levels: smoothed, with hysteresis (L3)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef struct SpeakerLevel:          # one an audio source
    float loudness                 # smoothed 127 - level, 0 silent to 127
    uint64_t last_voice_ns         # when `loudness` was last above the threshold
    uint64_t last_packet_ns
    uint64_t decayed_ns            # up to when silence is accounted for
    bint speaking

cdef void speaker_init(SpeakerLevel *level) noexcept nogil
cdef void speaker_heard(SpeakerLevel *level, uint8_t audio_level, bint voice, uint64_t now_ns) noexcept nogil
# Decays silent sources and updates `speaking`: on when smoothed loudness passes 67 (-60 dBov), off after 600 ms below it.
# Returns true when it changed.
cdef bint speaker_update(SpeakerLevel *level, uint64_t now_ns) noexcept nogil
# Fills `slots` (source numbers, 0 for empty) from `candidates` with their levels; the caller leaves out the receiver's own
# sources. When everybody fits, everybody is shown; else a candidate that is loud enough to speak and louder by a margin than
# the quietest shown one takes its place. Shown sources keep their slot; one that is no candidate any more is taken out. True when a slot changed.
cdef bint speakers_assign(uint32_t *slots, size_t slot_count, const uint32_t *candidates, const SpeakerLevel *const *levels,
                          size_t candidate_count, uint64_t now_ns) noexcept nogil
