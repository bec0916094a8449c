// See job_changes.h. The values are held against the limits of a submit by the core, all together.
#include "ctld/translate/job_changes.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "common/node_list.h"
#include "common/text.h"
#include "ctld/translate/text_checks.h"
#include "model/selector.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr std::int64_t amount_max = std::int64_t{1} << 61;
constexpr int labels_max = 4096;
constexpr std::size_t node_names_bytes_max = 1U << 20;
constexpr std::size_t dependency_bytes_max = 48 * dependency_jobs_max;

/// Keeps the first complaint; what is wrong reads as something harmless.
class Checking {
 public:
  void refuse(std::string message) {
    if (!first_) first_ = Error{Code::bad_usage, std::move(message)};
  }

  std::string text(const std::string& value,
                   const char* what,
                   std::size_t limit = wire::text_bytes_max) {
    if (value.size() > limit) {
      refuse(std::string(what) + " of " + std::to_string(value.size()) +
             " bytes is over the limit of " + std::to_string(limit));
    } else if (value.find('\0') != std::string::npos) {
      refuse(std::string(what) + " " + quoted(value) + " holds a NUL byte");
    } else {
      return value;
    }
    return {};
  }

  std::int64_t time(std::int64_t us, std::int64_t least, const char* what) {
    if (us >= least && us <= amount_max) return us;
    refuse(std::string(what) + " " + std::to_string(us) + " us is out of range");
    return least;
  }

  void hold(const Result<void>& checked) {
    if (!checked && !first_) first_ = checked.error();
  }

  bool count(int value, int limit, const char* what) {
    if (value <= limit) return true;
    refuse(std::to_string(value) + " " + what + " are over the limit of " + std::to_string(limit));
    return false;
  }

  template <class T>
  T take(Result<T> value, const char* what) {
    if (value) return *std::move(value);
    if (!first_) first_ = value.error().with_context(what);
    return T{};
  }

  Result<core::JobChanges> done(core::JobChanges changes) {
    if (first_) return tl::unexpected(*std::move(first_));
    return changes;
  }

 private:
  std::optional<Error> first_;
};

std::string word_of(const std::string& text, const char* what, Checking& check) {
  std::string word = check.text(text, what);
  check.hold(check_printable(word, what));
  return word;
}

std::vector<std::string> partitions_of(const std::string& text, Checking& check) {
  std::vector<std::string> names;
  const std::string word = word_of(text, "partitions", check);
  for (const std::string_view name : split(word, ',')) {
    if (name.empty()) check.refuse("partition " + quoted(text) + ": an empty name");
    names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> nodes_of(const std::string& text, const char* what, Checking& check) {
  if (text.empty()) return {};
  return check.take(expand_node_list(check.text(text, what, node_names_bytes_max)), what);
}

void take_texts(const wire::JobChanges& from, core::JobChanges* to, Checking& check) {
  if (from.has_name()) {
    to->name = check.text(from.name(), "job name");
    if (to->name->empty()) check.refuse("job name \"\": a job needs one");
    check.hold(check_name(*to->name, "job name"));
  }
  if (from.has_comment()) to->comment = check.text(from.comment(), "comment");
  if (from.has_account()) to->account = word_of(from.account(), "account", check);
  if (from.has_qos()) to->qos = word_of(from.qos(), "qos", check);
  if (from.has_partitions()) to->partitions = partitions_of(from.partitions(), check);
  if (from.has_nodes_wanted()) {
    to->nodes_wanted = nodes_of(from.nodes_wanted(), "wanted nodes", check);
  }
  if (from.has_nodes_excluded()) {
    to->nodes_excluded = nodes_of(from.nodes_excluded(), "excluded nodes", check);
  }
}

void take_amounts(const wire::JobChanges& from, core::JobChanges* to) {
  if (from.has_nodes_min()) to->nodes_min = from.nodes_min();
  if (from.has_nodes_max()) to->nodes_max = from.nodes_max();
  if (from.has_tasks()) to->tasks = from.tasks();
  if (from.has_tasks_per_node()) to->tasks_per_node = from.tasks_per_node();
  if (from.has_cpus_per_task()) to->cpus_per_task = from.cpus_per_task();
  if (from.has_at_once()) to->at_once_max = from.at_once();
  if (from.has_memory_per_node_mib()) to->memory_per_node_mib = from.memory_per_node_mib();
  if (from.has_memory_per_cpu_mib()) to->memory_per_cpu_mib = from.memory_per_cpu_mib();
  if (from.has_exclusive()) to->exclusive = from.exclusive();
  if (from.has_exclusive_user()) to->exclusive_user = from.exclusive_user();
  if (from.has_requeue()) to->requeue = from.requeue();
  if (from.has_held()) to->held = from.held();
  if (from.has_nice()) to->nice = from.nice();
}

Instant instant_of(std::int64_t us, const char* what, Checking& check) {
  return Instant{check.time(us, 0, what)};
}

void take_times(const wire::JobChanges& from, core::JobChanges* to, Checking& check) {
  if (from.has_time_limit_us()) {
    to->time_limit = Duration{check.time(from.time_limit_us(), 1, "time limit")};
  }
  if (from.has_begin_us()) to->begin = instant_of(from.begin_us(), "begin time", check);
  if (from.has_deadline_us()) to->deadline = instant_of(from.deadline_us(), "deadline", check);
  if (from.has_keep_when_never()) to->keep_when_never = from.keep_when_never();
  if (!from.has_dependency()) return;
  const std::string text = check.text(from.dependency(), "dependency", dependency_bytes_max);
  to->dependency = text.empty() ? Dependency{} : check.take(parse_dependency(text), "dependency");
}

void take_labels(const wire::JobChanges& from, core::JobChanges* to, Checking& check) {
  if (!check.count(from.labels_size(), labels_max, "labels")) return;
  for (const wire::LabelChange& label : from.labels()) {
    const std::string key = check.text(label.key(), "label");
    if (key.empty()) check.refuse("label \"\": a key is missing");
    if (label.has_value()) {
      const std::string value = check.text(label.value(), "label value");
      if (!key.empty()) check.hold(check_label(key, value));
      to->labels.emplace_back(key, value);
    } else {
      to->labels.emplace_back(key, std::nullopt);
    }
  }
}

/// What reads as in a submit.
void take_values(const wire::JobChanges& from, core::JobChanges* to, Checking& check) {
  if (!from.has_values()) return;
  const JobRequest values = check.take(wire::take(from.values()), "changes");
  const JobCommon& common = *values.common;
  if (from.directory()) {
    to->directory = common.directory;
    if (!common.directory.starts_with('/')) {
      check.refuse("directory " + quoted(common.directory) + " is not an absolute path");
    }
  }
  if (from.output()) to->output = common.output;
  if (from.error()) to->error = common.error;
  if (from.input()) to->input = common.input;
  if (from.append_output()) to->append_output = common.append_output;
  if (from.retry()) to->retry = common.retry;
  if (from.early_signal()) to->early_signal = common.early_signal;
  if (from.bind()) to->bind = common.bind;
  if (from.distribution()) to->distribution = common.distribution;
  if (from.constraint()) to->constraint = common.wishes->constraint;
  if (from.prefer()) to->prefer = common.wishes->prefer;
  if (from.licenses()) to->licenses = common.wishes->licenses;
  if (from.switches()) to->switches = common.wishes->switches;
  const bool has_part = !common.components.empty();
  auto devices = has_part ? common.components.front().devices : std::vector<DeviceRequest>{};
  if (from.gpus_in_all()) {
    if (devices.size() < 2) {
      to->gpus_in_all = devices.empty() ? DeviceRequest{"gpu", "", 0} : devices.front();
    } else {
      check.refuse("gpus: one kind of them is expected, not " + std::to_string(devices.size()));
    }
  }
  if (!from.devices() && !from.gpus()) return;
  (from.devices() ? to->devices : to->gpus) = std::move(devices);
}

}  // namespace

Result<core::JobChanges> take_changes(const wire::JobChanges& from) {
  if (from.ByteSizeLong() == 0) return fail(Code::bad_usage, "no change is asked for");
  Checking check;
  core::JobChanges to;
  take_texts(from, &to, check);
  take_amounts(from, &to);
  take_times(from, &to, check);
  take_labels(from, &to, check);
  take_values(from, &to, check);
  return check.done(std::move(to));
}

std::vector<PastJob> past_of(const Dependency& dependency, const std::vector<PastJob>& past) {
  std::set<JobId> named;
  for (const DependencyTerm& term : dependency.terms) {
    for (const JobReference& reference : term.jobs) named.insert(reference.job);
  }
  std::vector<PastJob> mine;
  std::ranges::copy_if(past, std::back_inserter(mine),
                       [&named](const PastJob& one) { return named.contains(one.job); });
  return mine;
}

}  // namespace cox::ctld
