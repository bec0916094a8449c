// The values of request options, checked by kind.
#include "cmds/client/request_setters.h"

#include <algorithm>

#include "cmds/client/begin_time.h"
#include "cmds/client/parse.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/memory_text.h"
#include "model/output_pattern.h"
#include "model/selector.h"
#include "model/time.h"

namespace cox::cmds {
namespace {

constexpr std::uint32_t count_max = 10'000'000;
constexpr std::size_t text_bytes_max = 4096;
constexpr std::int64_t memory_mib_max = std::int64_t{1} << 40;

Result<void> read_memory(const Given& given, std::int64_t* to) {
  const auto mib = parse_memory_mib(given.value);
  if (!mib) return Failure(mib.error().with_context(given.option()));
  if (*mib > memory_mib_max) {
    return fail(Code::bad_usage, given.option() + " " + given.value + ": over 1048576T");
  }
  *to = *mib;
  return {};
}

}  // namespace

Component& how_much(RequestDraft& draft) {
  if (draft.job.common.edit().components.empty()) draft.job.common.edit().components.emplace_back();
  return draft.job.common.edit().components.front();
}

Result<void> read_count(const Given& given, std::uint32_t* to) {
  const auto number = number_option(given.name, given.value, 1, count_max);
  if (!number) return Failure(number.error());
  *to = *number;
  return {};
}

Result<void> read_text(const Given& given, std::string* to) {
  if (given.value.size() > text_bytes_max) {
    return fail(Code::bad_usage, given.option() + " " + quoted(given.value, 40) + ": longer than " +
                                     std::to_string(text_bytes_max) + " bytes");
  }
  if (given.value.find('\0') != std::string::npos) {
    return fail(Code::bad_usage,
                given.option() + " " + quoted(given.value, 40) + ": has a NUL byte");
  }
  *to = given.value;
  return {};
}

Result<void> read_pattern(const Given& given, std::string* to) {
  PatternValues values;
  const auto tried = expand_pattern(given.value, values);
  if (!tried) return Failure(tried.error().with_context(given.option()));
  return read_text(given, to);
}

Result<void> read_node_list(const Given& given, std::vector<std::string>* to) {
  auto names = expand_node_list(given.value);
  if (!names) return Failure(names.error().with_context(given.option()));
  *to = std::move(*names);
  return {};
}

void replace_devices(const std::vector<DeviceRequest>& wanted, RequestDraft& draft) {
  auto& devices = how_much(draft).devices;
  for (const DeviceRequest& device : wanted) {
    std::erase_if(devices, [&](const DeviceRequest& old) {
      return old.name == device.name && old.type == device.type;
    });
    if (device.count > 0) devices.push_back(device);
  }
}

Result<void> set_memory_per_node(const Given& given, RequestDraft& draft) {
  how_much(draft).memory_per_cpu_mib = -1;
  return read_memory(given, &how_much(draft).memory_per_node_mib);
}

Result<void> set_memory_per_cpu(const Given& given, RequestDraft& draft) {
  how_much(draft).memory_per_node_mib = -1;
  return read_memory(given, &how_much(draft).memory_per_cpu_mib);
}

Result<void> set_export(const Given& given, RequestDraft& draft) {
  return read_text(given, &draft.exported);
}

Result<void> set_nodes(const Given& given, RequestDraft& draft) {
  const std::size_t dash = given.value.find('-', 1);  // a sign is none
  const auto low = number_option("nodes", given.value.substr(0, dash), 1, count_max);
  if (!low) return Failure(low.error());
  std::uint32_t high = *low;
  if (dash != std::string::npos) {
    const auto read = number_option("nodes", given.value.substr(dash + 1), 1, count_max);
    if (!read) return Failure(read.error());
    if (*read < *low) {
      return fail(Code::bad_usage, "--nodes " + quoted(given.value) +
                                       ": the least comes first, as in " + std::to_string(*read) +
                                       "-" + std::to_string(*low));
    }
    high = *read;
  }
  how_much(draft).nodes_min = *low;
  how_much(draft).nodes_max = high;
  draft.has_nodes = true;
  return {};
}

Result<void> set_time(const Given& given, RequestDraft& draft) {
  const auto limit = parse_time_limit(given.value);
  if (!limit) return Failure(limit.error().with_context("--time"));
  draft.job.time_limit = *limit;  // never 0, which is "not given"
  return {};
}

Result<void> set_label(const Given& given, RequestDraft& draft) {
  const std::size_t equals = given.value.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Code::bad_usage, "--label " + quoted(given.value) + ": KEY=VALUE is expected");
  }
  const std::string key = given.value.substr(0, equals);
  const std::string value = given.value.substr(equals + 1);
  if (auto checked = check_label(key, value); !checked) {
    return Failure(checked.error().with_context("--label"));
  }
  draft.job.common.edit().labels[key] = value;
  return {};
}

Result<void> set_bind(const Given& given, RequestDraft& draft) {
  auto bind = parse_bind(given.value);
  if (!bind) return Failure(bind.error().with_context(given.option()));
  draft.job.common.edit().bind = *std::move(bind);
  return {};
}

Result<void> set_distribution(const Given& given, RequestDraft& draft) {
  const auto distribution = parse_distribution(given.value);
  if (!distribution) return Failure(distribution.error().with_context(given.option()));
  draft.job.common.edit().distribution = *distribution;
  return {};
}

Result<void> set_nice(const Given& given, RequestDraft& draft) {
  const auto nice = given.has_value ? parse_i64(given.value) : std::optional<std::int64_t>(100);
  if (!nice || *nice < -2147483645 || *nice > 2147483645) {
    return fail(Code::bad_usage, "--nice=" + quoted(given.value) + ": a whole number is expected");
  }
  draft.job.common.edit().nice = static_cast<std::int32_t>(*nice);
  return {};
}

Result<void> set_exclusive(const Given& given, RequestDraft& draft) {
  const bool is_user = given.has_value && given.value == "user";
  if (given.has_value && !is_user) {
    return fail(Code::bad_usage,
                "--exclusive=" + quoted(given.value) + ": user is expected, or no value");
  }
  how_much(draft).exclusive = !is_user;
  how_much(draft).exclusive_user = is_user;
  return {};
}

Result<void> set_constraint(const Given& given, RequestDraft& draft) {
  auto constraint = Constraint::parse(given.value);
  if (!constraint) return Failure(constraint.error());
  draft.job.common.edit().wishes.edit().constraint = *std::move(constraint);
  return {};
}

Result<void> set_prefer(const Given& given, RequestDraft& draft) {
  const auto selector = Selector::parse_part(given.value, given.value, 0, "--prefer");
  if (!selector) return Failure(selector.error());
  draft.job.common.edit().wishes.edit().prefer = given.value;
  return {};
}

Result<void> set_licenses(const Given& given, RequestDraft& draft) {
  auto licenses = parse_licenses(given.value);
  if (!licenses) return Failure(licenses.error());
  draft.job.common.edit().wishes.edit().licenses = *std::move(licenses);
  return {};
}

Result<void> set_switches(const Given& given, RequestDraft& draft) {
  const auto limit = parse_leaf_limit(given.value);
  if (!limit) return Failure(limit.error());
  draft.job.common.edit().wishes.edit().switches = *limit;
  return {};
}

Result<void> set_partitions(const Given& given, RequestDraft& draft) {
  draft.job.common.edit().partitions.clear();
  for (const std::string_view name : split(given.value, ',')) {
    if (name.empty()) {
      return fail(Code::bad_usage, "--partition " + quoted(given.value) + ": an empty name");
    }
    draft.job.common.edit().partitions.emplace_back(name);
  }
  return {};
}

Result<void> set_begin(const Given& given, RequestDraft& draft) {
  const auto begin = parse_begin_time(given.value, given.now);
  if (!begin) return Failure(begin.error().with_context("--begin"));
  draft.job.begin = std::max(*begin, Instant{0});  // what is long over keeps nobody
  return {};
}

Result<void> set_gpus(const Given& given, RequestDraft& draft) {
  const auto gpus = parse_gpus("gpus", given.value);
  if (!gpus) return Failure(gpus.error());
  draft.gpus = gpus->count;
  draft.gpu_type = gpus->type;
  draft.gpus_typed = "--gpus " + quoted(given.value);
  return {};
}

Result<void> set_gpus_per_node(const Given& given, RequestDraft& draft) {
  const auto gpus = parse_gpus("gpus-per-node", given.value);
  if (!gpus) return Failure(gpus.error());
  replace_devices({*gpus}, draft);
  if (draft.gpus != 0) return {};  // which is said of all nodes together
  draft.gpu_type = gpus->type;
  draft.gpus_typed = "--gpus-per-node " + quoted(given.value);
  return {};
}

Result<void> set_gres(const Given& given, RequestDraft& draft) {
  const auto wanted = parse_gres(given.value);
  if (!wanted) return Failure(wanted.error());
  if (wanted->empty()) how_much(draft).devices.clear();
  const bool has_gpus = std::ranges::any_of(
      *wanted, [](const DeviceRequest& device) { return device.name == "gpu"; });
  if (has_gpus) draft.gpus_typed.clear();
  replace_devices(*wanted, draft);
  return {};
}

}  // namespace cox::cmds
