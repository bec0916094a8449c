// Constraints and lists of licenses of any text: bounded, refused with the column, and what is read
// reads the same again.
#include "model/constraint.h"
#include "model/license.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

namespace {

void check_refusal(const Error& error, std::string_view text) {
  const bool is_too_long = error.message.find(" longer than ") != std::string::npos;
  require(is_too_long || error.message.find(" at column ") != std::string::npos, "no column");
  fuzz::require_names(error, text);
}

void check_constraint(std::string_view text) {
  const auto constraint = Constraint::parse(text);
  if (!constraint) return check_refusal(constraint.error(), text);
  require(constraint->counted().size() <= counted_kinds_max, "too many kinds");
  require(constraint->choices().size() <= choices_max, "too many groups");
  const auto again = Constraint::parse(constraint->text());
  require(again && *again == *constraint, "its text says something else");
  for (const Labels& labels : {Labels{}, Labels{{"a", ""}, {"rack", "a"}}}) {
    require(again->fit(labels) == constraint->fit(labels), "the same node fits otherwise");
  }
}

void check_licenses(std::string_view text) {
  const auto licenses = parse_licenses(text);
  if (!licenses) return check_refusal(licenses.error(), text);
  require(licenses->size() <= license_kinds_max, "too many kinds");
  for (const LicenseRequest& one : *licenses) require(one.count > 0, "none of a kind");
  const auto again = parse_licenses(license_text(*licenses));
  require(again && *again == *licenses, "the canonical form says something else");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_constraint(text);
  check_licenses(text);
  return 0;
}
