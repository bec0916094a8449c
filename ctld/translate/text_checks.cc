// See text_checks.h.
#include "ctld/translate/text_checks.h"

#include "common/text.h"
#include "ctld/translate/client_request.h"
#include "model/selector.h"

namespace cox::ctld {

Result<void> check_printable(const std::string& text, const std::string& what) {
  if (quoted(text, text.size()) == text) return {};
  return bad_usage(what + " " + quoted(text, 40) + ": has a character that cannot be printed");
}

Result<void> check_name(const std::string& name, const std::string& what) {
  if (name.size() > job_name_bytes_max) {
    return bad_usage(what + " " + quoted(name, 40) + ": " + std::to_string(name.size()) +
                     " bytes are over the limit of " + std::to_string(job_name_bytes_max));
  }
  if (!name.empty() && trim(name).empty()) {
    return bad_usage(what + " " + quoted("'" + name + "'", 40) + ": has nothing but blanks");
  }
  return check_printable(name, what);
}

Result<void> check_words(const JobCommon& common) {
  for (const auto& [key, value] : common.labels) {
    if (auto checked = check_label(key, value); !checked) return checked;
  }
  if (auto checked = check_printable(common.account, "--account"); !checked) return checked;
  if (auto checked = check_printable(common.qos, "--qos"); !checked) return checked;
  for (const std::string& partition : common.partitions) {
    if (auto checked = check_printable(partition, "--partition"); !checked) return checked;
  }
  return {};
}

}  // namespace cox::ctld
