/* Frames: any stream, cut anywhere; what the reader gives goes through a queue and comes out as it was. */
#include "framing.c"

#include "fuzz.h"

#define FRAMING(name) __pyx_f_8conclave_4core_7framing_##name
typedef struct __pyx_t_8conclave_4core_7framing_FrameReader Reader;
typedef struct __pyx_t_8conclave_4core_7framing_FrameQueue Queue;

#define STATUS_TRUNCATED __pyx_e_8conclave_4core_6status_TRUNCATED

enum { READER_SIZE = 2048, QUEUE_SIZE = 4096 };

/* Takes what waits in pieces of at most `piece` bytes and compares it with what was put. */
static void drain(Queue *queue, const uint8_t *expected, size_t size, size_t piece) {
  const uint8_t *data;
  size_t got;
  while ((got = FRAMING(frame_queue_front)(queue, &data)) > 0) {
    REQUIRE(inside(data, got, queue->data, QUEUE_SIZE));
    if (got > piece) got = piece;
    REQUIRE(got <= size && memcmp(data, expected, got) == 0);
    FRAMING(frame_queue_pop)(queue, got);
    expected += got;
    size -= got;
  }
  REQUIRE(size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  size_t cut = (size_t)data[0] * 8 + 1, piece = (size_t)data[1] * 16 + 1, waiting = 0;
  Reader reader;
  Queue queue;
  uint8_t *memory = malloc(READER_SIZE), *ring = malloc(QUEUE_SIZE), *expected = malloc(QUEUE_SIZE);
  REQUIRE(memory != NULL && ring != NULL && expected != NULL);
  FRAMING(frame_reader_init)(&reader, memory, READER_SIZE);
  FRAMING(frame_queue_init)(&queue, ring, QUEUE_SIZE);
  int status = STATUS_TRUNCATED;
  for (size_t offset = 2; offset < size && status == STATUS_TRUNCATED;) {
    size_t room, length;
    uint8_t *place = FRAMING(frame_reader_room)(&reader, &room);
    REQUIRE(room > 0 && inside(place, room, memory, READER_SIZE));
    if (room > cut) room = cut;
    if (room > size - offset) room = size - offset;
    memcpy(place, data + offset, room);
    FRAMING(frame_reader_fill)(&reader, room);
    offset += room;
    const uint8_t *frame;
    while ((status = FRAMING(frame_reader_next)(&reader, &frame, &length)) == STATUS_OK) {
      REQUIRE(length == 0 || inside(frame, length, memory, READER_SIZE));
      if (!FRAMING(frame_queue_put)(&queue, frame, length)) {
        REQUIRE(waiting + 2 + length > QUEUE_SIZE / 4 * 3);
        drain(&queue, expected, waiting, piece);
        waiting = 0;
        REQUIRE(FRAMING(frame_queue_put)(&queue, frame, length));
      }
      expected[waiting] = (uint8_t)(length >> 8);
      expected[waiting + 1] = (uint8_t)length;
      memcpy(expected + waiting + 2, frame, length);
      waiting += 2 + length;
    }
  }
  drain(&queue, expected, waiting, piece);
  free(memory);
  free(ring);
  free(expected);
  return 0;
}
