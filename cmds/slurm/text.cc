// Forms of values in Slurm's outputs.
#include "cmds/slurm/text.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>

#include "cmds/client/table.h"
#include "cmds/client/views.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/array_spec.h"
#include "model/job_state.h"
#include "model/time.h"
#include "platform/helper_program.h"

namespace cox::cmds::slurm {
namespace {

// States of Slurm's that no job here is ever in; they may be asked for all the same.
constexpr std::array<std::array<const char*, 2>, 12> other_states{{{"PREEMPTED", "PR"},
                                                                   {"BOOT_FAIL", "BF"},
                                                                   {"RESIZING", "RS"},
                                                                   {"REQUEUED", "RQ"},
                                                                   {"REQUEUE_FED", "RF"},
                                                                   {"REQUEUE_HOLD", "RH"},
                                                                   {"SPECIAL_EXIT", "SE"},
                                                                   {"STOPPED", "ST"},
                                                                   {"REVOKED", "RV"},
                                                                   {"RESV_DEL_HOLD", "RD"},
                                                                   {"SIGNALING", "SI"},
                                                                   {"STAGE_OUT", "SO"}}};

std::string relative_date(std::int64_t seconds, const std::tm& local) {
  const std::time_t now = std::time(nullptr);
  std::tm today{};
  ::localtime_r(&now, &today);
  std::array<char, 64> text{};
  const bool is_today = today.tm_year == local.tm_year && today.tm_yday == local.tm_yday;
  const bool is_near = seconds > now - 6 * 86400 && seconds < now + 6 * 86400;
  const char* format = is_today ? "%H:%M:%S" : is_near ? "%a %H:%M" : "%-d %b %H:%M";
  return std::string(text.data(), std::strftime(text.data(), text.size(), format, &local));
}

}  // namespace

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT: one thread
  return value == nullptr ? "" : value;
}

std::string short_span(std::int64_t us) {
  return to_text(Duration{us});
}

std::string long_span(std::int64_t us) {
  const std::int64_t total = std::max<std::int64_t>(us, 0) / 1'000'000;
  if (total >= 86400) return short_span(us);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d:%02d", static_cast<int>(total / 3600),
                static_cast<int>(total / 60 % 60), static_cast<int>(total % 60));
  return text.data();
}

std::string cpu_span(std::int64_t us) {
  const std::int64_t ms = us / 1000 % 1000;
  if (us >= 3600 * std::int64_t{1'000'000} || ms == 0) return long_span(us);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d.%03d", static_cast<int>(us / 60'000'000),
                static_cast<int>(us / 1'000'000 % 60), static_cast<int>(ms));
  return text.data();
}

bool is_limited(std::int64_t limit_us) {
  return limit_us > 0 && limit_us < duration_unlimited.us;
}

std::string date(std::int64_t us, const char* none) {
  if (us == 0) return none;
  const std::string format = variable("SLURM_TIME_FORMAT");
  const std::time_t seconds = us / 1'000'000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  if (format == "relative") return relative_date(seconds, local);
  std::array<char, 256> text{};
  const bool is_standard = format.empty() || format == "standard";
  const std::size_t length = std::strftime(
      text.data(), text.size(), is_standard ? "%Y-%m-%dT%H:%M:%S" : format.c_str(), &local);
  return std::string(text.data(), length);
}

std::string count(std::uint64_t number, bool is_plain) {
  constexpr std::string_view units = " KMGT";
  std::size_t unit = 0;
  while (!is_plain && number >= 1024 && number % 1024 == 0 && unit + 1 < units.size()) {
    number /= 1024;
    ++unit;
  }
  return std::to_string(number) + (unit == 0 ? "" : std::string(1, units[unit]));
}

std::string memory(std::int64_t mib, bool is_plain) {
  if (mib <= 0) return "0";
  constexpr std::string_view units = "MGTP";
  std::size_t unit = 0;
  while (!is_plain && mib >= 1024 && mib % 1024 == 0 && unit + 1 < units.size()) {
    mib /= 1024;
    ++unit;
  }
  return std::to_string(mib) + units[unit];
}

std::string or_null(const std::string& text) {
  return text.empty() ? "(null)" : text;
}

std::vector<std::string> list_parts(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  std::erase_if(parts, [](const std::string& part) { return part.empty(); });
  return parts;
}

bool is_in(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

Result<std::vector<std::string>> user_names(std::string_view list) {
  std::vector<std::string> names;
  for (const std::string& part : list_parts(list)) {
    const auto name = platform::find_user_name(part);
    if (!name && !parse_u64(part)) return fail(Code::not_found, "Invalid user: " + quoted(part));
    names.push_back(name ? *name : part);
  }
  return names;
}

std::string own_user_name() {
  const std::string number = std::to_string(::getuid());
  return platform::find_user_name(number).value_or(number);
}

std::string group_name(std::uint32_t gid) {
  static std::map<std::uint32_t, std::string> known;  // each answer costs a process
  const auto [entry, is_new] = known.try_emplace(gid);
  if (is_new) {
    const std::string number = std::to_string(gid);
    entry->second = platform::find_group_name(number).value_or(number);
  }
  return entry->second;
}

Result<std::vector<std::string>> state_words(std::string_view list) {
  std::vector<std::string> words;
  for (const std::string& part : list_parts(list)) {
    const std::string word = upper(part);
    if (word == "ALL") return std::vector<std::string>();
    if (const auto state = parse_job_state(word)) {
      words.emplace_back(to_text(*state));
      continue;
    }
    const auto other = std::ranges::find_if(
        other_states, [&](const auto& one) { return word == one[0] || word == one[1]; });
    if (other == other_states.end()) {
      return fail(Code::bad_usage, "Invalid job state specified: " + quoted(part));
    }
    words.emplace_back((*other)[0]);
  }
  return words;
}

std::string array_id(const wire::JobView& job) {
  const std::string id = job.id().empty() ? std::to_string(job.job()) : job.id();
  const std::size_t open = id.find('[');
  if (open == std::string::npos) return id;
  const auto given = parse_u64(variable("SLURM_BITSTR_LEN"));
  const std::size_t most = given ? *given : 64;
  const std::size_t close = std::min(id.find('%'), id.find(']'));
  if (most == 0 || close == std::string::npos || close - open - 1 <= most) return id;
  return id.substr(0, open + 1 + most) + "..." + id.substr(close);
}

std::vector<wire::JobView> elements_of(const wire::JobView& job) {
  const auto elements = parse_array(job.elements());
  if (job.is_element() || job.elements().empty() || !elements) return {job};
  std::vector<wire::JobView> each;
  elements->for_each([&](std::uint32_t index) {
    wire::JobView& one = each.emplace_back(job);
    one.set_index(index);
    one.set_is_element(true);
    one.set_id(std::to_string(job.array()) + "_" + std::to_string(index));
    one.clear_elements();
  });
  return each;
}

std::string devices(const wire::JobRequest& request, const char* none) {
  std::vector<std::string> texts;
  if (request.components_size() != 0) {
    for (const auto& device : request.components(0).devices()) {
      texts.push_back("gres/" + device.name() + (device.type().empty() ? "" : ":" + device.type()) +
                      ":" + std::to_string(device.count()));
    }
  }
  return texts.empty() ? none : join(texts, ",");
}

std::string first_node(const std::string& list) {
  const auto names = expand_node_list(list);
  return names && !names->empty() ? names->front() : "";
}

}  // namespace cox::cmds::slurm
