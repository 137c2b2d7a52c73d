/* A parser with a planted fault, one byte past its input: a run that does not find it finds nothing. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  volatile uint8_t sink = 0;
  if (size >= 2 && data[0] == 0x80 && data[1] == 0xC8) sink = data[size];
  (void)sink;
  return 0;
}
