// Where a broken invariant ends the process, with the place on stderr.
#include "common/assert.h"

#include <cstdio>
#include <cstdlib>

namespace cox {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "assertion failed: %s (%s:%d)\n", expression, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace cox
