// See local_instants.h. The form is that of to_utc_text().
#include "cmds/client/local_instants.h"

#include <cstdio>
#include <ctime>
#include <string_view>

#include "cmds/client/views.h"

namespace cox::cmds {
namespace {

constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

/// Digits where the form has them; before and behind it no more of them.
bool is_instant(std::string_view text, std::size_t at) {
  if (text.size() - at < form.size() || (at > 0 && is_decimal(text[at - 1]))) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char c = text[at + i];
    if (form[i] == '0' ? !is_decimal(c) : c != form[i]) return false;
  }
  return true;
}

std::string localized(const std::string& instant) {
  std::tm utc{};
  if (std::sscanf(instant.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &utc.tm_year, &utc.tm_mon,
                  &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec) != 6) {
    return instant;
  }
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return local_time(static_cast<std::int64_t>(::timegm(&utc)) * 1'000'000);
}

}  // namespace

std::string with_local_instants(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_decimal(text[at]) && is_instant(text, at)) {
      out += localized(text.substr(at, form.size()));
      at += form.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace cox::cmds
