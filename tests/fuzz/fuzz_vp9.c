/* VP9: any descriptor; what is read is rewritten and read again. */
#include "vp9.c"

#include "fuzz.h"

#define VP9(name) __pyx_f_8conclave_4core_3vp9_##name
typedef struct __pyx_t_8conclave_4core_10descriptor_PayloadDescriptor Descriptor;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Descriptor before, after;
  if (VP9(vp9_parse)(&before, data, size) != STATUS_OK) return 0;
  REQUIRE(before.numbers_size >= 1 && before.numbers_size <= before.size && before.size < size);
  REQUIRE(before.picture_id_offset + before.picture_id_size <= before.numbers_size);
  REQUIRE(before.tl0_offset < before.numbers_size && before.layer_offset < before.numbers_size);
  REQUIRE(!before.tl0_offset || before.layer_offset);
  REQUIRE(!before.key_frame || before.frame_start);

  /* Exactly the room that the interface asks for, then all that follows. */
  size_t rest = size - before.numbers_size;
  uint8_t *numbers = malloc((size_t)before.numbers_size + 1);
  uint8_t *out = malloc((size_t)before.numbers_size + 1 + rest);
  REQUIRE(numbers != NULL && out != NULL);
  size_t written = VP9(vp9_rewrite)(numbers, data, &before, 0x1234, 0x56);
  REQUIRE(written == (size_t)before.numbers_size + (before.picture_id_size == 1));
  memcpy(out, numbers, written);
  memcpy(out + written, data + before.numbers_size, rest);
  REQUIRE(VP9(vp9_parse)(&after, out, written + rest) == STATUS_OK);
  REQUIRE(after.numbers_size == written && after.size - written == before.size - before.numbers_size);
  REQUIRE(!before.picture_id_size || after.picture_id == 0x1234);
  REQUIRE(!before.tl0_offset || after.tl0_picture_index == 0x56);
  REQUIRE(before.has_tid == after.has_tid && before.temporal_layer == after.temporal_layer);
  REQUIRE(before.spatial_layer == after.spatial_layer && before.layer_sync == after.layer_sync);
  REQUIRE(before.frame_start == after.frame_start && before.key_frame == after.key_frame);
  free(numbers);
  free(out);
  return 0;
}
