/* Transport-wide feedback: any body behind the head of its RTCP packet; what is read of it holds together. */
#include "transport_feedback.c"

#include "fuzz.h"

#define FEEDBACK(name) __pyx_f_8conclave_4core_18transport_feedback_##name
typedef struct __pyx_t_8conclave_4core_4rtcp_RtcpPacket Packet;
typedef struct __pyx_t_8conclave_4core_18transport_feedback_TransportFeedback Feedback;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Feedback feedback;
  Packet packet = {.packet_type = 205, .count = 15, .body = data, .body_size = size};
  if (FEEDBACK(transport_feedback_read)(&feedback, &packet) != STATUS_OK) return 0;
  REQUIRE(feedback.count >= 1 && feedback.count <= 1024);
  REQUIRE(feedback.reference >= -0x800000 && feedback.reference <= 0x7FFFFF);
  size_t came = 0;
  for (size_t i = 0; i < feedback.count; i++) {
    if (feedback.ticks[i] == INT32_MIN) continue;
    REQUIRE(feedback.ticks[i] >= -0x8000 * 1024 && feedback.ticks[i] <= 0x7FFF * 1024);
    came++;
  }
  /* A byte at least for each that came, and two for each run of 8191. */
  REQUIRE(16 + 2 + came <= size);
  return 0;
}
