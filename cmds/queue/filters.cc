// Compares words of options with those of views.
#include "cmds/queue/filters.h"

#include <algorithm>
#include <cctype>

#include "cmds/client/table.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/job_state.h"

namespace cox::cmds {
namespace {

std::vector<std::string> words_of(const Parsed& given, const char* option) {
  std::vector<std::string> words;
  const std::string text = given.list(option);
  for (const std::string_view word : split(text, ',')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

bool is_same(std::string_view a, std::string_view b) {
  return upper(a) == upper(b);
}

/// No words: anything will do.
bool has(const std::vector<std::string>& words, std::string_view word) {
  return words.empty() ||
         std::ranges::any_of(words, [word](const auto& one) { return is_same(one, word); });
}

std::vector<std::string> known_reasons() {
  std::vector<std::string> known;
  for (int i = 0; to_text(static_cast<Reason>(i)) != "unknown"; ++i) {
    known.emplace_back(to_text(static_cast<Reason>(i)));
  }
  return known;
}

/// The word as the list has it. error: bad_usage names the nearest one
Result<std::string> take_reason(const std::string& word) {
  const std::vector<std::string> known = known_reasons();
  const auto found =
      std::ranges::find_if(known, [&word](const std::string& one) { return is_same(one, word); });
  if (found != known.end()) return *found;
  const auto near = nearest(word, known);
  return fail(Code::bad_usage, "--reason " + quoted(word) + ": nothing that a job waits for" +
                                   (near ? ", perhaps " + *near : "") +
                                   " (there are: " + join(known, ", ") + ")");
}

}  // namespace

Result<JobFilter> JobFilter::make(const Parsed& given) {
  for (const char* option :
       {"state", "partition", "reason", "name", "account", "qos", "nodelist"}) {
    if (!given.has(option) || !given.list(option).empty()) continue;
    return fail(Code::bad_usage, "--" + std::string(option) + " \"\": a value is expected");
  }
  JobFilter filter;
  for (const std::string& word : words_of(given, "state")) {
    const auto state = parse_job_state(upper(word));
    if (!state) {
      std::vector<std::string> known, shown;
      for (int i = 0; to_text(static_cast<JobState>(i)) != "UNKNOWN"; ++i) {
        const auto one = static_cast<JobState>(i);
        known.emplace_back(to_text(one));
        shown.push_back(known.back() + " (" + std::string(state_letters(one)) + ")");
      }
      const auto near = nearest(upper(word), known);
      return fail(Code::bad_usage, "--state " + quoted(word) + ": no state of a job" +
                                       (near ? ", perhaps " + *near : "") +
                                       " (there are: " + join(shown, ", ") + ")");
    }
    filter.states_.emplace_back(to_text(*state));
  }
  filter.partitions_ = words_of(given, "partition");
  for (const std::string& word : words_of(given, "reason")) {
    auto reason = take_reason(word);
    if (!reason) return Failure(reason.error());
    filter.reasons_.push_back(std::move(*reason));
  }
  filter.names_ = words_of(given, "name");
  filter.accounts_ = words_of(given, "account");
  filter.qos_ = words_of(given, "qos");
  if (const std::string text = given.list("nodelist"); !text.empty()) {
    auto nodes = expand_node_list(text);
    if (!nodes) return Failure(nodes.error().with_context("--nodelist"));
    filter.nodes_ = std::move(*nodes);
  }
  return filter;
}

bool JobFilter::is_on_nodes(const wire::JobView& job) const {
  if (nodes_.empty()) return true;
  const auto own = expand_node_list(job.node_list());
  return own && std::ranges::any_of(*own, [this](const std::string& name) {
           return std::ranges::find(nodes_, name) != nodes_.end();
         });
}

bool JobFilter::keeps(const wire::JobView& job) const {
  if (!has(states_, job.state()) || !has(reasons_, job.reason())) return false;
  const bool is_named = std::ranges::find(names_, job.name()) != names_.end();
  if (!names_.empty() && !is_named) return false;
  if (!has(accounts_, job.account()) || !has(qos_, job.request().qos())) return false;
  if (!is_on_nodes(job)) return false;
  if (partitions_.empty()) return true;
  const std::string partition = job.partition();
  for (const std::string_view one : split(partition, ',')) {
    if (std::ranges::find(partitions_, one) != partitions_.end()) return true;
  }
  return false;
}

}  // namespace cox::cmds
