"""Who speaks, from RFC 6464 audio levels: smoothed, with hysteresis (L3)."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

__all__ = ["Speaker", "assign"]

cdef enum:
    QUIETEST = 127                             # the level of silence, in -dBov
    UNVOICED_DB = 10                           # what a packet without the V bit counts less
    DECAY_STEPS_MAX = 64                       # 0.8 to this power is nothing

cdef float SPEAKING_LOUDNESS = 67              # -60 dBov
cdef float MARGIN = 6
cdef float WEIGHT = 0.2                        # of one packet: 120 ms of speech at -30 dBov reach the threshold
cdef uint64_t PACKET_NS = 20_000_000
cdef uint64_t LATENESS_NS = 60_000_000         # silence counts only after what jitter explains
cdef uint64_t HANGOVER_NS = 600_000_000
cdef uint64_t STALE_NS = 1_000_000_000


cdef void speaker_init(SpeakerLevel *level) noexcept nogil:
    memset(level, 0, sizeof(SpeakerLevel))


cdef void speaker_heard(SpeakerLevel *level, uint8_t audio_level, bint voice, uint64_t now_ns) noexcept nogil:
    cdef float loudness = QUIETEST - min(audio_level, <uint8_t>QUIETEST)
    if not voice:
        loudness = max(loudness - UNVOICED_DB, <float>0)
    level.loudness += (loudness - level.loudness) * WEIGHT
    level.last_packet_ns = now_ns
    level.decayed_ns = now_ns
    if level.loudness > SPEAKING_LOUDNESS:
        level.last_voice_ns = now_ns


cdef void decay(SpeakerLevel *level, uint64_t now_ns) noexcept nogil:
    """Counts each 20 ms without a packet as a packet of silence."""
    cdef uint64_t steps, step
    if now_ns < level.decayed_ns + LATENESS_NS:
        return
    steps = (now_ns - level.decayed_ns - LATENESS_NS) // PACKET_NS
    level.decayed_ns += steps * PACKET_NS
    for step in range(min(steps, <uint64_t>DECAY_STEPS_MAX)):
        level.loudness -= level.loudness * WEIGHT


cdef bint speaker_update(SpeakerLevel *level, uint64_t now_ns) noexcept nogil:
    cdef bint speaking = level.speaking
    decay(level, now_ns)
    if level.loudness > SPEAKING_LOUDNESS:
        level.speaking = True
    elif now_ns >= level.last_voice_ns + HANGOVER_NS:
        level.speaking = False
    return level.speaking != speaking


cdef float loudness_now(const SpeakerLevel *level, uint64_t now_ns) noexcept nogil:
    """Loudness, 0 for one not heard of for a second."""
    return <float>0 if now_ns > level.last_packet_ns + STALE_NS else level.loudness


cdef bint shown(const uint32_t *slots, size_t slot_count, uint32_t source) noexcept nogil:
    cdef size_t slot
    for slot in range(slot_count):
        if slots[slot] == source:
            return True
    return False


cdef size_t position_of(const uint32_t *candidates, size_t candidate_count, uint32_t source) noexcept nogil:
    """Where `source` is among the candidates; `candidate_count` when it is not."""
    cdef size_t position
    for position in range(candidate_count):
        if candidates[position] == source:
            return position
    return candidate_count


cdef size_t loudest_hidden(const uint32_t *slots, size_t slot_count, const uint32_t *candidates, const SpeakerLevel *const *levels,
                           size_t candidate_count, uint64_t now_ns) noexcept nogil:
    """The loudest candidate without a slot, the first of equals; `candidate_count` when all have one."""
    cdef size_t position, best = candidate_count
    for position in range(candidate_count):
        if candidates[position] == 0 or shown(slots, slot_count, candidates[position]):
            continue
        if best == candidate_count or loudness_now(levels[position], now_ns) > loudness_now(levels[best], now_ns):
            best = position
    return best


cdef bint clear_gone(uint32_t *slots, size_t slot_count, const uint32_t *candidates, size_t candidate_count) noexcept nogil:
    """Empties the slots of sources that are no candidates; true when there was one."""
    cdef size_t slot
    cdef bint changed = False
    for slot in range(slot_count):
        if slots[slot] != 0 and position_of(candidates, candidate_count, slots[slot]) == candidate_count:
            slots[slot] = 0
            changed = True
    return changed


cdef bint speakers_assign(uint32_t *slots, size_t slot_count, const uint32_t *candidates, const SpeakerLevel *const *levels,
                          size_t candidate_count, uint64_t now_ns) noexcept nogil:
    cdef bint changed = clear_gone(slots, slot_count, candidates, candidate_count)
    cdef size_t slot, weakest, challenger
    cdef float loudness, least, challenging
    while slot_count > 0:
        challenger = loudest_hidden(slots, slot_count, candidates, levels, candidate_count, now_ns)
        if challenger == candidate_count:
            break
        challenging = loudness_now(levels[challenger], now_ns)
        weakest = 0
        least = QUIETEST + 1
        for slot in range(slot_count):
            if slots[slot] == 0:
                weakest = slot
                least = -1
                break
            loudness = loudness_now(levels[position_of(candidates, candidate_count, slots[slot])], now_ns)
            if loudness < least:
                weakest = slot
                least = loudness
        # Noise below the threshold never takes a slot from anybody: all would change at random while nobody speaks.
        if least >= 0 and (challenging <= SPEAKING_LOUDNESS or challenging <= least + MARGIN):
            break
        slots[weakest] = candidates[challenger]
        changed = True
    return changed


cdef class Speaker:
    """A SpeakerLevel, for tests."""

    cdef SpeakerLevel level

    def __cinit__(self):
        speaker_init(&self.level)

    def heard(self, uint8_t audio_level, bint voice, uint64_t now_ns) -> None:
        speaker_heard(&self.level, audio_level, voice, now_ns)

    def update(self, uint64_t now_ns) -> bool:
        return speaker_update(&self.level, now_ns)

    @property
    def loudness(self) -> float:
        return self.level.loudness

    @property
    def speaking(self) -> bool:
        return self.level.speaking


def assign(list slots, dict candidates, uint64_t now_ns):
    cdef size_t slot_count = len(slots), candidate_count = len(candidates), position
    cdef uint32_t *slot_numbers = <uint32_t *>malloc(slot_count * sizeof(uint32_t) + 1)
    cdef uint32_t *numbers = <uint32_t *>malloc(candidate_count * sizeof(uint32_t) + 1)
    cdef const SpeakerLevel **levels = <const SpeakerLevel **>malloc(candidate_count * sizeof(SpeakerLevel *) + 1)
    cdef Speaker speaker
    cdef bint changed
    try:
        if slot_numbers == NULL or numbers == NULL or levels == NULL:
            raise MemoryError
        for position, source in enumerate(slots):
            slot_numbers[position] = source
        for position, (source, speaker) in enumerate(candidates.items()):
            numbers[position] = source
            levels[position] = &speaker.level
        changed = speakers_assign(slot_numbers, slot_count, numbers, levels, candidate_count, now_ns)
        return changed, [slot_numbers[position] for position in range(slot_count)]
    finally:
        free(slot_numbers)
        free(numbers)
        free(levels)
