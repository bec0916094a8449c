// What the controller sends to node daemons, and the file in which a daemon keeps a plan.
#include "noded/translate.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto received = noded::receive(std::string(fuzz::text_of(data, size)));
  if (!received) {
    fuzz::require_readable(received.error());
    return 0;
  }
  if (received->refusal) fuzz::require_readable(Error{Code::refused, *received->refusal});
  if (!received->plan) return 0;
  const auto again = noded::parse_attempt_file(noded::attempt_file_text(*received->plan, true));
  require(again.has_value(), "a plan that was kept cannot be read back");
  require(again->released && again->plan.key() == received->plan->key(), "another attempt");
  require(again->plan.user == received->plan->user, "another user");
  return 0;
}
