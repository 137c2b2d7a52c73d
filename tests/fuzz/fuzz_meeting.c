/* Whole legs: each input is a script that meeting.py plays on a core built with the fuzzer's coverage. Python writes the
 * packets, since the keys that protect them, and an SRTP that is not ours, are there. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "fuzz.h"

static PyObject *one_input;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  Py_Initialize();
  PyObject *module = PyImport_ImportModule("tests.fuzz.meeting");
  if (module != NULL) one_input = PyObject_GetAttrString(module, "one_input");
  if (one_input == NULL) PyErr_Print();
  REQUIRE(one_input != NULL);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  PyObject *result = PyObject_CallFunction(one_input, "y#", (const char *)data, (Py_ssize_t)size);
  if (result == NULL) PyErr_Print();
  REQUIRE(result != NULL);
  Py_DECREF(result);
  return 0;
}
