// Where a broken invariant ends the process, with the place on stderr.
#include "common/assert.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace cox {

namespace {

thread_local int throwing = 0;  // AssertionsThrow that live

}  // namespace

AssertionsThrow::AssertionsThrow() {
  ++throwing;
}

AssertionsThrow::~AssertionsThrow() {
  --throwing;
}

void assertion_failed(const char* expression, const char* file, int line) {
  if (throwing != 0) {
    throw BrokenAssertion(std::string(expression) + " (" + file + ":" + std::to_string(line) + ")");
  }
  std::fprintf(stderr, "assertion failed: %s (%s:%d)\n", expression, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace cox
