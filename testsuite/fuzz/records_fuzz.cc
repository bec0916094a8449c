// Journal records: damage is found, and a fact that can be read is written and read the same.
#include "ctld/store/fact_codec.h"
#include "ctld/store/record.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

namespace {

void check_body(std::string_view body) {
  std::size_t bytes = 0;
  const auto read = ctld::for_each_record(body, [&](std::string_view record) -> Result<void> {
    bytes += record.size() + 8;
    return {};
  });
  if (!read) fuzz::require_readable(read.error());
  require(bytes <= body.size(), "records larger than their batch");
  require(!read || bytes == body.size(), "bytes that are no record");
}

void check_damage(std::string_view record, std::size_t bit) {
  std::string body;
  ctld::append_record(record, &body);
  std::size_t seen = 0;
  const auto count = [&](std::string_view read) -> Result<void> {
    require(read == record, "another record than was written");
    ++seen;
    return {};
  };
  require(ctld::for_each_record(body, count) && seen == 1, "a record is not read back");
  const std::size_t at = bit / 8 % body.size();
  body[at] = static_cast<char>(body[at] ^ (1 << (bit % 8)));
  require(!ctld::for_each_record(body, [](std::string_view) -> Result<void> { return {}; }),
          "a changed bit is not found");
}

void check_fact(std::string_view bytes) {
  const auto fact = ctld::decode_fact(bytes);
  if (!fact) return fuzz::require_readable(fact.error());
  std::string once;
  ctld::encode_fact(*fact, &once);
  const auto again = ctld::decode_fact(once);
  require(again.has_value(), "a fact that was written cannot be read");
  require(again->index() == fact->index(), "a fact of another kind");
  std::string twice;
  ctld::encode_fact(*again, &twice);
  // Labels come in any order.
  require(once == twice || once.size() == twice.size(), "a fact changes on its way");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::size_t bit = input.number(65'536);
  check_body(input.rest());
  check_damage(input.rest(), bit);
  check_fact(input.rest());
  return 0;
}
