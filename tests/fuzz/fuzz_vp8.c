/* VP8: any descriptor; what is read is rewritten and read again. */
#include "vp8.c"

#include "fuzz.h"

#define VP8(name) __pyx_f_8conclave_4core_3vp8_##name
typedef struct __pyx_t_8conclave_4core_10descriptor_PayloadDescriptor Descriptor;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Descriptor before, after;
  if (VP8(vp8_parse)(&before, data, size) != STATUS_OK) return 0;
  REQUIRE(before.size >= 1 && before.size <= size && before.numbers_size == before.size);
  REQUIRE(before.picture_id_offset + before.picture_id_size <= before.size);
  REQUIRE(before.tl0_offset < before.size && before.layer_offset < before.size);
  REQUIRE(!before.key_frame || before.frame_start);

  /* Exactly the room that the interface asks for, then the payload's first byte. */
  size_t room = (size_t)before.size + 1;
  uint8_t *out = malloc(room + 1);
  REQUIRE(out != NULL);
  size_t written = VP8(vp8_rewrite)(out, data, &before, 0x1234, 0x56, 0x17);
  REQUIRE(written == before.size + (before.picture_id_size == 1));
  out[written] = before.size < size ? data[before.size] : 0;
  REQUIRE(VP8(vp8_parse)(&after, out, written + 1) == STATUS_OK);
  REQUIRE(after.size == written);
  REQUIRE(!before.picture_id_size || after.picture_id == 0x1234);
  REQUIRE(!before.tl0_offset || after.tl0_picture_index == 0x56);
  REQUIRE(!before.has_key_index || after.key_index == 0x17);
  REQUIRE(before.has_tid == after.has_tid && before.temporal_layer == after.temporal_layer);
  REQUIRE(before.frame_start == after.frame_start && before.key_frame == after.key_frame);
  free(out);
  return 0;
}
