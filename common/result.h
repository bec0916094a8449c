// The one way a function fails: an Error with a code for programs and a message for people.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace cox {

/// Closed list. Each code has one wire number (its value) and belongs to one exit status.
enum class Code : int {
  refused = 1,        // the request is understood and answered no
  bad_usage = 2,      // malformed input: syntax, range, unknown option
  not_found = 3,      // no such job, node, step, file
  not_permitted = 4,  // the caller may not do this
  unreachable = 5,    // no controller, node or peer answers
  timed_out = 6,      // an answer did not come in time
  internal = 7,       // our own fault: a bug, or the system refused what it never should
  storage_full = 8,   // the state's disk has no room; try again later
};

/// Exit status of the commands for an error of this code.
int exit_status(Code code);
std::string_view code_name(Code code);

struct Error {
  Code code = Code::internal;
  std::string message;  // lower case, no full stop, names the value at fault

  /// The same error with what the caller was doing in front: "submit: ...".
  Error with_context(std::string_view doing) const;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

inline Failure fail(Code code, std::string message) {
  return Failure(Error{code, std::move(message)});
}

/// Of what cannot be meant.
inline Failure bad_usage(std::string message) {
  return fail(Code::bad_usage, std::move(message));
}

}  // namespace cox
