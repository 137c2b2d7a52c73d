/* STUN: any message, also one whose length, magic cookie and FINGERPRINT are made right, so that the walk is reached. */
#include "stun.c"

#include "fuzz.h"

#define STUN(name) __pyx_f_8conclave_4core_4stun_##name
typedef struct __pyx_t_8conclave_4core_4stun_StunMessage Message;

static const uint8_t PASSWORD[] = "VOkJxbRl1RmTxUk/WvJxBt";

static void check(const uint8_t *data, size_t size) {
  Message message;
  if (STUN(stun_parse)(&message, data, size) != STATUS_OK) return;
  REQUIRE(message.data == data && message.size == size);
  REQUIRE(message.transaction_id == data + 8);
  REQUIRE(!message.username || inside(message.username, message.username_size, data, size));
  REQUIRE(message.local_ufrag_size <= message.username_size);
  REQUIRE(!message.integrity_offset || inside(data + message.integrity_offset, 24, data + 20, size - 20));
  REQUIRE(!(message.ice_controlled && message.ice_controlling));
  if (message.integrity_offset == 0)
    REQUIRE(STUN(stun_verify)(&message, PASSWORD, sizeof PASSWORD - 1) != STATUS_OK);
  else
    (void)STUN(stun_verify)(&message, PASSWORD, sizeof PASSWORD - 1);
}

static void check_response(const uint8_t *out, size_t written, const uint8_t *transaction_id) {
  Message message;
  REQUIRE(written >= 20 && written <= 128);
  REQUIRE(STUN(stun_parse)(&message, out, written) == STATUS_OK);
  REQUIRE(memcmp(message.transaction_id, transaction_id, 12) == 0);
  REQUIRE(STUN(stun_verify)(&message, PASSWORD, sizeof PASSWORD - 1) == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check(data, size);
  if (size < 20 || size > 1464) return 0;

  size_t body = (size - 20) & ~(size_t)3;
  uint8_t *shaped = malloc(20 + body + 8);
  REQUIRE(shaped != NULL);
  memcpy(shaped, data, 20 + body);
  shaped[0] &= 0x3F;
  shaped[2] = (uint8_t)(body >> 8);
  shaped[3] = (uint8_t)body;
  memcpy(shaped + 4, "\x21\x12\xa4\x42", 4);
  uint8_t *exact = malloc(20 + body);
  REQUIRE(exact != NULL);
  memcpy(exact, shaped, 20 + body);
  check(exact, 20 + body);
  free(exact);
  check(shaped, STUN(finish)(shaped, 20 + body, NULL, 0));
  free(shaped);

  uint8_t *out = malloc(128);
  REQUIRE(out != NULL);
  size_t address_size = data[0] & 1 ? 4 : 16;
  uint16_t port = (uint16_t)(data[2] << 8 | data[3]);
  size_t written = STUN(stun_write_success)(out, 128, data + 8, data, address_size, port, PASSWORD, sizeof PASSWORD - 1);
  check_response(out, written, data + 8);
  static const uint16_t codes[] = {400, 401, 420, 487};
  written = STUN(stun_write_error)(out, 128, data + 8, codes[data[1] & 3], port, PASSWORD, sizeof PASSWORD - 1);
  check_response(out, written, data + 8);
  free(out);
  return 0;
}
