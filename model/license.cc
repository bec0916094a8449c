// See license.h.
#include "model/license.h"

#include <algorithm>

#include "common/text.h"

namespace cox {
namespace {

constexpr std::size_t name_bytes_max = 64;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./+@").find(c) != std::string_view::npos;
}

Failure at_fault(std::string_view text, const std::string& what, std::size_t at) {
  return fail(Code::bad_usage, "licenses \"" + quoted(text) + "\": " + what + " at column " +
                                   std::to_string(at + 1));
}

}  // namespace

bool is_license_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::ranges::all_of(name, is_name_character);
}

Result<std::vector<LicenseRequest>> parse_licenses(std::string_view text) {
  std::vector<LicenseRequest> read;
  if (text.empty()) return read;
  std::size_t begin = 0;
  for (const std::string_view word : split(text, ',')) {
    const std::size_t colon = std::min(word.find(':'), word.size());
    const std::string_view name = word.substr(0, colon);
    if (const std::size_t bar = word.find('|'); bar != std::string_view::npos) {
      return at_fault(text, "one or the other cannot be asked for", begin + bar);
    }
    if (!is_license_name(name)) return at_fault(text, "a name is expected", begin);
    LicenseRequest one{std::string(name), 1};
    if (colon < word.size()) {
      const auto count = parse_u64(word.substr(colon + 1));
      if (!count || *count == 0 || *count > licenses_max) {
        return at_fault(text, "a number from 1 to " + std::to_string(licenses_max) + " is expected",
                        begin + colon + 1);
      }
      one.count = static_cast<std::uint32_t>(*count);
    }
    const bool is_twice = std::ranges::find(read, one.name, &LicenseRequest::name) != read.end();
    if (is_twice) return at_fault(text, "a name for the second time", begin);
    if (read.size() == license_kinds_max) {
      return at_fault(text, "more than " + std::to_string(license_kinds_max) + " kinds", begin);
    }
    read.push_back(std::move(one));
    begin += word.size() + 1;
  }
  std::ranges::sort(read);
  return read;
}

std::string license_text(const std::vector<LicenseRequest>& licenses) {
  std::vector<std::string> words;
  for (const LicenseRequest& one : licenses) {
    words.push_back(one.name + ":" + std::to_string(one.count));
  }
  return join(words, ",");
}

}  // namespace cox
