/* H.264: any payload; what is read claims no byte, and a key frame only where a parameter set is. */
#include "h264.c"

#include "fuzz.h"

#define H264(name) __pyx_f_8conclave_4core_4h264_##name
typedef struct __pyx_t_8conclave_4core_10descriptor_PayloadDescriptor Descriptor;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Descriptor found;
  if (H264(h264_parse)(&found, data, size) != STATUS_OK) return 0;
  REQUIRE(size > 0 && found.size == 0 && found.numbers_size == 0);
  REQUIRE(!found.picture_id_size && !found.tl0_offset && !found.layer_offset && !found.has_key_index);
  REQUIRE(found.frame_start == found.key_frame);
  if (found.key_frame) {
    int parameter_set = 0;
    for (size_t i = 0; i < size; i++) parameter_set |= (data[i] & 0x1f) == 7;
    REQUIRE(parameter_set);
  }
  return 0;
}
