"""See rooms.pxd."""
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memset
from conclave.core.flows cimport slot_set
from conclave.core.leg cimport LEG_SLOTS_MAX, Leg, Room, Slot, Source
from conclave.core.router cimport Router, SPEAKERS_TOLD
from conclave.core.speakers cimport SpeakerLevel, speaker_update, speakers_assign
from conclave.core.telling cimport tell_speakers

cdef enum:
    # Audio sources that one leg chooses from; a larger room offers it the first ones found.
    CANDIDATES_MAX = 1024


cdef Room *room_enter(Router *router, uint32_t number, Leg *leg) noexcept nogil:
    cdef Room *room = NULL
    cdef size_t i
    for i in range(router.leg_capacity):
        if router.rooms[i].used and router.rooms[i].number == number:
            room = &router.rooms[i]
            break
        if room == NULL and not router.rooms[i].used:
            room = &router.rooms[i]
    if room == NULL:
        return NULL
    if not room.used:
        memset(room, 0, sizeof(Room))
        room.used = True
        room.number = number
    leg.room = room
    leg.room_next = room.legs
    room.legs = leg
    return room


cdef void room_leave(Router *router, Leg *leg) noexcept nogil:
    cdef Room *room = leg.room
    cdef Leg **link = &room.legs
    while link[0] != leg:
        link = &link[0].room_next
    link[0] = leg.room_next
    leg.room = NULL
    if room.legs == NULL:
        room.used = False


cdef void room_add_audio(Room *room, Source *source) noexcept nogil:
    source.room_next = room.audio
    room.audio = source


cdef void room_remove_audio(Room *room, Source *source) noexcept nogil:
    cdef Source **link = &room.audio
    while link[0] != NULL:
        if link[0] == source:
            link[0] = source.room_next
            source.room_next = NULL
            return
        link = &link[0].room_next


cdef void assign(Router *router, Leg *leg, uint32_t *numbers, const SpeakerLevel **levels, Source **sources, size_t count,
                 uint64_t now_ns) noexcept nogil:
    """One leg's audio slots; the candidates are everybody's, its own are left out here."""
    cdef uint32_t chosen[LEG_SLOTS_MAX]
    cdef uint32_t others[CANDIDATES_MAX]
    cdef const SpeakerLevel *other_levels[CANDIDATES_MAX]
    cdef Slot *slots[LEG_SLOTS_MAX]
    cdef size_t slot_count = 0, other_count = 0, i, j
    cdef Source *source
    for i in range(leg.slot_count):
        if not leg.slots[i].setup.video:
            slots[slot_count] = leg.slots[i]
            chosen[slot_count] = leg.slots[i].wanted.number if leg.slots[i].wanted != NULL else 0
            slot_count += 1
    if not slot_count:
        return
    for i in range(count):
        if sources[i].leg != leg:
            others[other_count] = numbers[i]
            other_levels[other_count] = levels[i]
            other_count += 1
    if not speakers_assign(chosen, slot_count, others, other_levels, other_count, now_ns):
        return
    for i in range(slot_count):
        source = NULL
        for j in range(count):
            if chosen[i] and numbers[j] == chosen[i]:
                source = sources[j]
                break
        if source != slots[i].wanted:
            slot_set(router, slots[i], source, 0, now_ns)


cdef void room_assign_audio(Router *router, Room *room, uint64_t now_ns) noexcept nogil:
    cdef uint32_t numbers[CANDIDATES_MAX]
    cdef const SpeakerLevel *levels[CANDIDATES_MAX]
    cdef Source *sources[CANDIDATES_MAX]
    cdef size_t count = 0
    cdef Source *source = room.audio
    cdef Leg *leg
    while source != NULL and count < CANDIDATES_MAX:
        if source.active and source.activity[0].seen:
            numbers[count] = source.number
            levels[count] = &source.speaker
            sources[count] = source
            count += 1
        source = source.room_next
    leg = room.legs
    while leg != NULL:
        assign(router, leg, numbers, levels, sources, count, now_ns)
        leg = leg.room_next


cdef void room_update_speakers(Router *router, Room *room, uint64_t now_ns) noexcept nogil:
    cdef Source *speaking[SPEAKERS_TOLD]
    cdef size_t count = 0, place
    cdef bint changed = False
    cdef Source *source = room.audio
    while source != NULL:
        changed = speaker_update(&source.speaker, now_ns) or changed
        if source.speaker.speaking and source.active:
            place = count
            while place > 0 and speaking[place - 1].speaker.loudness < source.speaker.loudness:
                if place < SPEAKERS_TOLD:
                    speaking[place] = speaking[place - 1]
                place -= 1
            if place < SPEAKERS_TOLD:
                speaking[place] = source
                count = min(count + 1, <size_t>SPEAKERS_TOLD)
        source = source.room_next
    # Told when somebody starts or stops, not when two speakers change places.
    if not changed and count == room.speaking_count and not room.untold:
        return
    tell_speakers(router, room, speaking, count)
