// Licences: counted pools of the whole cluster, which jobs hold while they run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox {

/// A job asks for not more kinds of them, and of no kind for more.
inline constexpr std::size_t license_kinds_max = 64;
inline constexpr std::uint32_t licenses_max = 1'000'000'000;

struct LicenseRequest {
  std::string name;
  std::uint32_t count = 1;
  friend auto operator<=>(const LicenseRequest&, const LicenseRequest&) = default;
};

/// Letters, digits and any of - _ . / + @, at most 64 of them.
bool is_license_name(std::string_view name);

/// NAME[:COUNT],...; in order of their names. The empty text asks for none.
/// error: bad_usage names the text and the column in it
Result<std::vector<LicenseRequest>> parse_licenses(std::string_view text);

/// "matlab:2,ansys:1"; "" for none.
std::string license_text(const std::vector<LicenseRequest>& licenses);

}  // namespace cox
