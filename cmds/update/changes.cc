// See changes.h.
#include "cmds/update/changes.h"

#include <algorithm>
#include <array>

#include "cmds/client/begin_time.h"
#include "cmds/client/cluster_dir.h"
#include "cmds/client/ending_setters.h"
#include "cmds/client/parse.h"
#include "cmds/client/request_setters.h"
#include "cmds/client/submission.h"
#include "common/text.h"
#include "model/selector.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

using Put = void (*)(const RequestDraft& draft, wire::JobChanges* to);

const Component& part(const RequestDraft& draft) {
  return draft.job.common->components.front();
}

/// What the setter of an option of the same name puts into the draft, and where it goes from there.
struct Key {
  const char* name;
  Setter set;
  Put put;
};

/// What has no form of its own here goes as in a submit.
wire::JobRequest as_submitted(const RequestDraft& draft) {
  wire::JobRequest made;
  wire::put(draft.job, &made);
  return made;
}

void put_devices(const RequestDraft& draft, wire::JobChanges* to) {
  *to->mutable_values()->mutable_components() = as_submitted(draft).components();
}

constexpr std::array keys = {
    Key{"gres", set_gres,
        [](const RequestDraft& d, wire::JobChanges* to) {
          put_devices(d, to);
          to->set_devices(true);
        }},
    Key{"gpus-per-node", set_gpus_per_node,
        [](const RequestDraft& d, wire::JobChanges* to) {
          put_devices(d, to);
          to->set_gpus(true);
        }},
    Key{"gpus", set_gpus,
        [](const RequestDraft& d, wire::JobChanges* to) {
          RequestDraft whole = d;
          replace_devices({{"gpu", d.gpu_type, d.gpus}}, whole);
          put_devices(whole, to);
          to->set_gpus_in_all(true);
        }},
    Key{"bind", set_bind,
        [](const RequestDraft& d, wire::JobChanges* to) {
          *to->mutable_values()->mutable_bind() = as_submitted(d).bind();
          to->set_bind(true);
        }},
    Key{"constraint", set_constraint,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->mutable_values()->set_constraint(d.job.common->wishes->constraint.text());
          to->set_constraint(true);
        }},
    Key{"prefer", set_prefer,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->mutable_values()->set_prefer(d.job.common->wishes->prefer);
          to->set_prefer(true);
        }},
    Key{"licenses", set_licenses,
        [](const RequestDraft& d, wire::JobChanges* to) {
          *to->mutable_values()->mutable_licenses() = as_submitted(d).licenses();
          to->set_licenses(true);
        }},
    Key{"switches", set_switches,
        [](const RequestDraft& d, wire::JobChanges* to) {
          const LeafLimit& limit = d.job.common->wishes->switches;
          to->mutable_values()->set_switches(limit.count);
          to->mutable_values()->set_switches_wait_us(limit.wait.us);
          to->set_switches(true);
        }},
    Key{"distribution", set_distribution,
        [](const RequestDraft& d, wire::JobChanges* to) {
          *to->mutable_values()->mutable_distribution() = as_submitted(d).distribution();
          to->set_distribution(true);
        }},
    Key{"chdir", set_text<&JobCommon::directory>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->mutable_values()->set_directory(absolute_path(d.job.common->directory));
          to->set_directory(true);
        }},
    Key{"output", set_pattern<&JobCommon::output>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->mutable_values()->set_output(d.job.common->output);
          to->set_output(true);
        }},
    Key{"error", set_pattern<&JobCommon::error>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->mutable_values()->set_error(d.job.common->error);
          to->set_error(true);
        }},
    Key{"input", set_pattern<&JobCommon::input>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->mutable_values()->set_input(d.job.common->input);
          to->set_input(true);
        }},
    Key{"retry", set_retry,
        [](const RequestDraft& d, wire::JobChanges* to) {
          const wire::JobRequest made = as_submitted(d);
          to->mutable_values()->set_retry_times(made.retry_times());
          *to->mutable_values()->mutable_retry_codes() = made.retry_codes();
          to->set_retry(true);
        }},
    Key{"signal", set_signal,
        [](const RequestDraft& d, wire::JobChanges* to) {
          const wire::JobRequest made = as_submitted(d);
          to->mutable_values()->set_signal(made.signal());
          to->mutable_values()->set_signal_before_us(made.signal_before_us());
          to->mutable_values()->set_signal_batch(made.signal_batch());
          to->set_early_signal(true);
        }},
    Key{"job-name", set_text<&JobRequest::name>,
        [](const RequestDraft& d, wire::JobChanges* to) { to->set_name(d.job.name); }},
    Key{"comment", set_text<&JobCommon::comment>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->set_comment(d.job.common->comment);
        }},
    Key{"account", set_text<&JobCommon::account>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->set_account(d.job.common->account);
        }},
    Key{"qos", set_text<&JobCommon::qos>,
        [](const RequestDraft& d, wire::JobChanges* to) { to->set_qos(d.job.common->qos); }},
    Key{"partition", set_partitions,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->set_partitions(join(d.job.common->partitions, ","));
        }},
    Key{"nodes", set_nodes,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->set_nodes_min(part(d).nodes_min);
          to->set_nodes_max(part(d).nodes_max);
        }},
    Key{"ntasks", set_count<&Component::tasks>,
        [](const RequestDraft& d, wire::JobChanges* to) { to->set_tasks(part(d).tasks); }},
    Key{"ntasks-per-node", set_count<&Component::tasks_per_node>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->set_tasks_per_node(part(d).tasks_per_node);
        }},
    Key{"cpus-per-task", set_count<&Component::cpus_per_task>,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->set_cpus_per_task(part(d).cpus_per_task);
        }},
    Key{"mem", set_memory_per_node,
        [](const RequestDraft& d,
           wire::JobChanges* to) { to->set_memory_per_node_mib(part(d).memory_per_node_mib); }},
    Key{"mem-per-cpu", set_memory_per_cpu,
        [](const RequestDraft& d,
           wire::JobChanges* to) { to->set_memory_per_cpu_mib(part(d).memory_per_cpu_mib); }},
    Key{"time", set_time,
        [](const RequestDraft& d,
           wire::JobChanges* to) { to->set_time_limit_us(d.job.time_limit.us); }},
    Key{"nice", set_nice,
        [](const RequestDraft& d, wire::JobChanges* to) { to->set_nice(d.job.common->nice); }},
    Key{"begin", set_begin,
        [](const RequestDraft& d, wire::JobChanges* to) { to->set_begin_us(d.job.begin.us); }},
    Key{"deadline", set_deadline,
        [](const RequestDraft& d,
           wire::JobChanges* to) { to->set_deadline_us(d.job.terms->deadline.us); }},
    Key{"dependency", set_dependency,
        [](const RequestDraft& d,
           wire::JobChanges* to) { to->set_dependency(dependency_text(d.job.terms->dependency)); }},
    Key{"kill-on-invalid-dep", set_kill_on_invalid,
        [](const RequestDraft& d, wire::JobChanges* to) {
          to->set_keep_when_never(d.job.terms->keep_when_never);
        }},
};

constexpr std::array other_keys = {"array-limit", "exclude",  "exclusive", "export", "hold",
                                   "label",       "nodelist", "open-mode", "requeue"};

Failure unknown(const std::string& key) {
  const auto near = nearest(key, update_keys());
  return fail(Code::bad_usage, quoted(key) + " cannot be changed" +
                                   (near ? " (nearest: " + *near + ")" : "") +
                                   "; see cox-update(1)");
}

/// KEY=VALUE sets it, KEY- takes it away.
Result<void> change_label(const std::string& text, wire::JobChanges* to) {
  const std::size_t equals = text.find('=');
  wire::LabelChange& label = *to->add_labels();
  if (equals != std::string::npos && equals > 0) {
    label.set_key(text.substr(0, equals));
    label.set_value(text.substr(equals + 1));
    return check_label(label.key(), label.value());
  }
  if (equals == std::string::npos && text.size() > 1 && text.back() == '-') {
    label.set_key(text.substr(0, text.size() - 1));
    return {};
  }
  return fail(Code::bad_usage,
              "label \"" + quoted(text) + "\": KEY=VALUE, or KEY- to take it away, is expected");
}

/// The environment as a submit with this --export would take it now and here.
Result<void> change_environment(const std::string& exported, wire::JobChanges* to) {
  auto variables = submitted_environment(exported);
  if (!variables) return Failure(variables.error());
  to->clear_variables();
  for (std::string& variable : *variables) to->add_variables(std::move(variable));
  to->set_environment(true);
  return {};
}

/// Those without an option that takes a value, or whose empty value means none.
Result<void> change_other(const Given& given, wire::JobChanges* to) {
  const std::string_view name = given.name;
  if (name == "label") return change_label(given.value, to);
  if (name == "export") return change_environment(given.value, to);
  if (name == "nodelist" || name == "exclude") {
    (name == "nodelist" ? to->set_nodes_wanted(given.value) : to->set_nodes_excluded(given.value));
    return {};
  }
  if (name == "array-limit") {
    const auto limit = number_option(given.name, given.value, 0, 1'000'000);
    if (!limit) return Failure(limit.error());
    to->set_at_once(*limit);
    return {};
  }
  if (name == "open-mode") {
    if (given.value != "append" && given.value != "truncate") {
      return fail(Code::bad_usage,
                  "open-mode " + quoted(given.value) + ": append or truncate is expected");
    }
    to->mutable_values()->set_append_output(given.value == "append");
    to->set_append_output(true);
    return {};
  }
  if (name == "exclusive" && given.value == "user") {
    to->set_exclusive_user(true);
    return {};
  }
  const auto answer = yes_or_no(given);
  if (!answer) return Failure(answer.error());
  if (name == "exclusive") to->set_exclusive_user(false);
  if (name == "hold") to->set_held(*answer);
  if (name == "exclusive") to->set_exclusive(*answer);
  if (name == "requeue") to->set_requeue(*answer);
  return {};
}

/// An empty value takes away what a job need not have.
bool is_taken_away(const std::string& key, wire::JobChanges* to) {
  if (key == "dependency") {
    to->set_dependency("");
  } else if (key == "begin") {
    to->set_begin_us(0);
  } else if (key == "deadline") {
    to->set_deadline_us(0);
  } else if (key == "signal") {
    to->mutable_values()->set_signal(0);
    to->set_early_signal(true);
  } else if (key == "retry") {
    to->mutable_values()->set_retry_times(0);
    to->mutable_values()->clear_retry_codes();
    to->set_retry(true);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> update_keys() {
  std::vector<std::string> names(other_keys.begin(), other_keys.end());
  for (const Key& one : keys) names.emplace_back(one.name);
  std::ranges::sort(names);
  return names;
}

Result<void> add_change(const std::string& word, Instant now, wire::JobChanges* to) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const std::string key = name == "name" ? "job-name" : name;
  const std::string value = word.substr(equals + 1);
  if (key.empty()) {
    return fail(Code::bad_usage, '"' + quoted(word) + "\": KEY=VALUE is expected");
  }
  if (value.empty() && is_taken_away(key, to)) return {};
  const auto found = std::ranges::find_if(keys, [&key](const Key& one) { return key == one.name; });
  if (found == keys.end()) {
    const auto other =
        std::ranges::find_if(other_keys, [&key](const char* one) { return key == one; });
    if (other == other_keys.end()) return unknown(name);
    return change_other(Given{*other, value, true, now}, to);
  }
  RequestDraft draft;
  how_much(draft);
  const auto set = found->set(Given{found->name, value, true, now}, draft);
  if (!set) return set;
  found->put(draft, to);
  return {};
}

}  // namespace cox::cmds
