// Names that are read back: steps' sockets, attempts' files, sets of cores, addresses.
#include "common/bitset.h"
#include "common/text.h"
#include "noded/paths.h"
#include "platform/address.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

namespace {

void check_file_names(std::string_view text) {
  const noded::Paths paths{"/run", "n1"};
  if (const auto key = noded::parse_attempt_file_name(text)) {
    require(paths.attempt_file(*key) == paths.attempts() + "/" + std::string(text),
            "two names of one attempt");
  }
  if (const auto key = noded::parse_step_socket_name(text)) {
    require(paths.step_socket(*key) == paths.steps() + "/" + std::string(text),
            "two names of one step");
  }
}

void check_ranges(std::string_view text) {
  constexpr std::size_t bits = 4096;
  const auto set = Bitset::from_ranges(text, bits);
  if (!set) return fuzz::require_readable(set.error());
  require(set->size() == bits, "another size");
  const auto again = Bitset::from_ranges(set->to_ranges(), bits);
  require(again && *again == *set, "printed ranges read as others");
}

void check_address(std::string_view text) {
  const auto address = platform::parse_address(std::string(text));
  if (!address) return fuzz::require_readable(address.error());
  const auto again = platform::parse_address(address->text());
  require(again && again->text() == address->text(), "a printed address reads as another");
}

void check_text(std::string_view text) {
  require(from_hex(to_hex(text)) == std::string(text), "hex loses bytes");
  fuzz::require_readable(Error{Code::internal, "x" + quoted(text)});
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_file_names(text);
  check_ranges(text);
  check_address(text);
  check_text(text);
  return 0;
}
