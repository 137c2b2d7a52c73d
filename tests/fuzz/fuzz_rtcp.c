/* RTCP: any compound; every reader on every packet, and what was read written again. */
#include "rtcp.c"

#include "fuzz.h"

#define RTCP(name) __pyx_f_8conclave_4core_4rtcp_##name
typedef struct __pyx_t_8conclave_4core_4rtcp_RtcpPacket Packet;
typedef struct __pyx_t_8conclave_4core_4rtcp_SenderInfo SenderInfo;
typedef struct __pyx_t_8conclave_4core_4rtcp_ReportBlock ReportBlock;
typedef struct __pyx_t_8conclave_4core_4rtcp_Remb Remb;

/* Writes the reports of an SR or RR again: the same bytes must come out. */
static void check_reports(const Packet *packet) {
  SenderInfo info;
  ReportBlock reports[32];
  size_t count = 0;
  while (count < 32 && RTCP(rtcp_read_report)(&reports[count], packet, count) == STATUS_OK) count++;
  REQUIRE(count <= packet->count);
  int is_sender = RTCP(rtcp_read_sender_info)(&info, packet) == STATUS_OK;
  if (!is_sender && (packet->packet_type != 201 || packet->body_size < 4)) return;

  size_t size = (is_sender ? 28 : 8) + 24 * count;
  uint8_t *out = malloc(size);
  REQUIRE(out != NULL);
  size_t written = is_sender ? RTCP(rtcp_write_sr)(out, size, packet->sender_ssrc, &info, reports, count)
                             : RTCP(rtcp_write_rr)(out, size, packet->sender_ssrc, reports, count);
  REQUIRE(written == size);
  REQUIRE(size - 4 <= packet->body_size && memcmp(out + 4, packet->body, size - 4) == 0);
  free(out);
}

/* Reads into exactly the room that is announced, and writes the numbers again in as much as fits. */
static void check_nack(const Packet *packet, size_t capacity) {
  uint16_t *numbers = malloc(2 * capacity + 1);
  uint8_t *out = malloc(4 * capacity + 1);
  REQUIRE(numbers != NULL && out != NULL);
  size_t count = RTCP(rtcp_read_nack)(numbers, capacity, packet);
  REQUIRE(count <= capacity && count <= packet->body_size * 17 / 4);
  size_t written = RTCP(rtcp_write_nack)(out, 4 * capacity, packet->sender_ssrc, packet->media_ssrc, numbers, count);
  REQUIRE(written <= 4 * capacity);
  if (written > 0) {
    Packet again;
    size_t offset = 0;
    REQUIRE(RTCP(rtcp_next)(&again, out, written, &offset) == STATUS_OK && offset == written);
    REQUIRE(again.sender_ssrc == packet->sender_ssrc && again.media_ssrc == packet->media_ssrc);
  }
  free(numbers);
  free(out);
}

static void check_ssrcs(const Packet *packet, size_t capacity) {
  uint32_t *ssrcs = malloc(4 * capacity + 1);
  REQUIRE(ssrcs != NULL);
  REQUIRE(RTCP(rtcp_read_bye)(ssrcs, capacity, packet) <= capacity);
  REQUIRE(RTCP(rtcp_read_fir)(ssrcs, capacity, packet) <= capacity);
  free(ssrcs);
}

static void check_remb(const Packet *packet) {
  Remb remb, again;
  uint8_t out[20];
  if (RTCP(rtcp_read_remb)(&remb, packet) != STATUS_OK) return;
  REQUIRE(packet->body_size >= 16 + 4 * (size_t)remb.ssrc_count);
  REQUIRE(RTCP(rtcp_write_remb)(out, sizeof out, packet->sender_ssrc, remb.bitrate, NULL, 0) == sizeof out);
  Packet written;
  size_t offset = 0;
  REQUIRE(RTCP(rtcp_next)(&written, out, sizeof out, &offset) == STATUS_OK);
  REQUIRE(RTCP(rtcp_read_remb)(&again, &written) == STATUS_OK && again.bitrate == remb.bitrate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t offset = 0;
  while (offset < size) {
    Packet packet;
    size_t start = offset;
    if (RTCP(rtcp_next)(&packet, data, size, &offset) != STATUS_OK) {
      REQUIRE(offset == start);
      return 0;
    }
    REQUIRE(offset >= start + 4 && offset <= size && (offset - start) % 4 == 0);
    REQUIRE(packet.body == data + start + 4);
    REQUIRE(inside(packet.body, packet.body_size, data + start, offset - start));
    check_reports(&packet);
    check_nack(&packet, data[start] & 0x1F);
    check_nack(&packet, 2048);
    check_ssrcs(&packet, data[start] & 0x07);
    check_remb(&packet);
  }
  return 0;
}
