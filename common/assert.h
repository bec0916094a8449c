// ASSERT states our own invariants and stays on in release: the controller restarts from its
// journal more safely than it continues with a wrong state. Never assert on input.
#pragma once

#include <stdexcept>

namespace cox {

/// A broken invariant where it may be survived. docs/adr/0011-quarantine.md
struct BrokenAssertion : std::logic_error {
  using std::logic_error::logic_error;
};

/// While one lives, a broken ASSERT of its thread throws BrokenAssertion: only a restart, which can
/// undo what went wrong, may catch it.
class AssertionsThrow {
 public:
  AssertionsThrow();
  ~AssertionsThrow();
  AssertionsThrow(const AssertionsThrow&) = delete;
  AssertionsThrow& operator=(const AssertionsThrow&) = delete;
};

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace cox

#define ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::cox::assertion_failed(#expression, __FILE__, __LINE__))
