/* RTP: header, extension elements and padding of any bytes; the first byte of the input chooses the extension map. */
#include "rtp.c"

#include "fuzz.h"

#define RTP(name) __pyx_f_8conclave_4core_3rtp_##name
typedef struct __pyx_t_8conclave_4core_3rtp_RtpHeader Header;
typedef struct __pyx_t_8conclave_4core_3rtp_RtpExtensions Extensions;
typedef struct __pyx_t_8conclave_4core_3rtp_ExtensionMap Map;

static void check_extensions(const Header *header, const uint8_t *data, size_t size, uint8_t shift) {
  Extensions found;
  Map map;
  for (size_t id = 0; id < sizeof map.kind; id++) map.kind[id] = (uint8_t)((id + shift) % 7);
  if (RTP(rtp_read_extensions)(&found, header, data, &map) != STATUS_OK) return;
  const uint8_t *block = data + header->extension_offset;
  REQUIRE(!found.mid || inside(found.mid, found.mid_size, block, header->extension_size));
  REQUIRE(!found.rid || inside(found.rid, found.rid_size, block, header->extension_size));
  REQUIRE(!found.repaired_rid || inside(found.repaired_rid, found.repaired_rid_size, block, header->extension_size));
  REQUIRE(found.audio_level <= 127 && found.abs_send_time <= 0xFFFFFF);
  (void)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  uint8_t shift = *data++;
  Header header;
  if (RTP(rtp_parse)(&header, data, --size) != STATUS_OK) return 0;
  REQUIRE(header.header_size >= 12 && header.header_size <= size);
  if (header.extension_offset) REQUIRE(header.extension_offset + header.extension_size == header.header_size);
  check_extensions(&header, data, size, shift);

  size_t payload_size = 0;
  if (RTP(rtp_payload_size)(&payload_size, &header, data, size) == STATUS_OK) {
    REQUIRE(payload_size <= size - header.header_size);
    REQUIRE(header.padding || payload_size == size - header.header_size);
  }

  /* A header without CSRCs and extensions is written as it was read. */
  uint8_t written[16];
  size_t end = RTP(rtp_write_header)(written, header.payload_type, header.marker, header.padding, header.sequence_number,
                                     header.rtp_timestamp, header.ssrc, 0);
  REQUIRE(end == 12 && memcmp(written + 1, data + 1, 11) == 0);
  REQUIRE(written[0] == (data[0] & 0xE0));
  return 0;
}
