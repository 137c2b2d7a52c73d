/* What every fuzz target shares. A target includes the C that Cython made from a module, so that the module's static
 * functions are called as the workers call them: no Python object, no interpreter. libFuzzer hands over each input in a
 * heap block of exactly its size, so AddressSanitizer sees the first byte read past it. */
#ifndef CONCLAVE_FUZZ_H
#define CONCLAVE_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Unlike assert it stays whatever the flags are. */
#define REQUIRE(condition)                                                                  \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);        \
      abort();                                                                              \
    }                                                                                       \
  } while (0)

#define STATUS_OK __pyx_e_8conclave_4core_6status_OK

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tells whether [start, start + length) lies inside [data, data + size). */
static inline int inside(const uint8_t *start, size_t length, const uint8_t *data, size_t size) {
  return start >= data && (size_t)(start - data) <= size && length <= size - (size_t)(start - data);
}

#endif
