// ASSERT states our own invariants and stays on in release: the controller restarts from its
// journal more safely than it continues with a wrong state. Never assert on input.
#pragma once

namespace cox {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace cox

#define ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::cox::assertion_failed(#expression, __FILE__, __LINE__))
