// libsodium chooses the code for this processor when it is initialised; before that it takes plain C,
// which needs twice the time for a hash. Included by sources alone.
#pragma once

#include <sodium.h>

namespace cox::wire {

/// To be called before any function of libsodium; again costs nothing. Safe between threads.
inline void ready_sodium() {
  static const int status = ::sodium_init();
  static_cast<void>(status);  // without randomness it fails, and hashes all the same
}

}  // namespace cox::wire
