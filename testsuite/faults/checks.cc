// Safety: what must hold after every turn, whatever happened.
#include "testsuite/faults/checks.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <variant>

#include "common/node_list.h"
#include "core/core.h"
#include "core/job/lifecycle.h"
#include "core/slice/standing.h"
#include "ctld/history_rows.h"
#include "ctld/store/fact_codec.h"
#include "ctld/store/record.h"

namespace cox::faults {
namespace {

std::string name_of(JobId job) {
  return "job " + std::to_string(job.value);
}

Labels labels_of(const Settings& settings, const std::string& node) {
  for (const NodeSettings& table : settings.nodes) {
    const auto names = expand_node_list(table.names);
    if (names && std::ranges::find(*names, node) != names->end()) return table.labels;
  }
  return {};
}

// "  12.345678 JobStarted job 3.1": enough to follow a run.
void print(const core::Fact& fact) {
  std::string text(ctld::fact_name(fact));
  Instant at;
  std::visit(
      [&](const auto& f) {
        if constexpr (requires { f.job; }) {
          text += " " + name_of(f.job);
        }
        if constexpr (requires { f.attempt; }) {
          text += "." + std::to_string(f.attempt.value);
        }
        if constexpr (requires { f.step; }) {
          text += "." + step_name(f.step);
        }
        if constexpr (requires { f.node; }) {
          text += " node " + std::to_string(f.node.value);
        }
        if constexpr (requires { f.cause; }) {
          text += " " + std::string(to_text(f.cause));
        }
        if constexpr (requires { f.why; }) {
          text += " (" + f.why + ")";
        }
        if constexpr (requires { f.at; }) {
          at = f.at;
        }
      },
      fact);
  std::printf("%14.6f %s\n", static_cast<double>(at.us % 1'000'000'000) / 1e6, text.c_str());
}

}  // namespace

bool Checks::acknowledged(const ClientKey& key, JobId job) {
  const auto [entry, is_new] = acknowledged_.emplace(key, job);
  if (!is_new && entry->second != job) {
    watch_.complain("one key was given two ids: " + name_of(entry->second) + " and " +
                    name_of(job));
  }
  return is_new;
}

void Checks::appended(const ctld::Batch& batch) {
  journal_.push_back(batch);
  const auto read =
      ctld::for_each_record(batch.records, [this](std::string_view record) -> Result<void> {
        for (const char c : record) {
          trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;  // FNV-1a
        }
        ++facts_;
        const auto fact = ctld::decode_fact(record);
        if (!fact) {
          return Failure(fact.error());
        }
        if (prints_facts) {
          print(*fact);
        }
        look(*fact);
        look_at_disturbance(*fact);
        core::evolve(replayed_, *fact);
        return {};
      });
  if (!read) {
    watch_.complain("a fact cannot be read back: " + read.error().message);
  }
}

void Checks::recovered(std::uint64_t sequence) {
  if (sequence < committed_) {
    complain("acknowledged facts are lost: " + std::to_string(sequence) + " of " +
             std::to_string(committed_) + " were found");
  }
  while (!journal_.empty() && journal_.back().last_sequence() > sequence) {
    if (journal_.back().first_sequence <= sequence) complain("half a batch survived");
    journal_.pop_back();
  }
  committed_ = sequence;
  // What those facts said never happened; the tables are built again from what is left.
  started_.clear();
  ended_.clear();
  forgotten_.clear();
  single_runs_.clear();
  holders_.clear();
  licensed_.clear();
  elements_.clear();
  watch_.forget_attempts();
  arrays_.clear();
  aside_.clear();
  partitions_down_.clear();
  revision_ = 0;
  replayed_ = core::State{};
  for_each_fact([this](const core::Fact& fact) {
    look(fact);
    core::evolve(replayed_, fact);
  });
}

template <class Visit>
void Checks::for_each_fact(Visit visit) const {
  for (const auto& batch : journal_) {
    (void)ctld::for_each_record(batch.records, [&](std::string_view record) -> Result<void> {
      visit(*ctld::decode_fact(record));
      return {};
    });
  }
}

void Checks::look_at_arrays(const core::Fact& fact) {
  const auto leaves = [this](JobId array, std::uint32_t index, JobId job) {
    if (!elements_.emplace(std::pair(array, index), job).second) {
      complain("element " + std::to_string(index) + " of " + name_of(array) +
               " became two jobs, or was cancelled as well");
    }
  };
  if (const auto* submitted = std::get_if<core::JobSubmitted>(&fact)) {
    const ArraySpec& array = submitted->request.common->array;
    if (!array.empty()) arrays_[submitted->job] = array;
  } else if (const auto* split = std::get_if<core::ElementSplit>(&fact)) {
    leaves(split->array, split->index, split->job);
  } else if (const auto* cancelled = std::get_if<core::ElementsCancelled>(&fact)) {
    cancelled->elements.for_each(
        [&](std::uint32_t index) { leaves(cancelled->job, index, JobId{}); });
  }
}

void Checks::arrays_ended() {
  for (const auto& [id, array] : arrays_) {
    array.for_each([&, id = id](std::uint32_t index) {
      const auto found = elements_.find({id, index});
      const bool was_cancelled = found != elements_.end() && found->second == JobId{};
      const bool has_ended = found != elements_.end() && ended_.contains(found->second);
      if (was_cancelled || has_ended) return;
      complain("after healing element " + std::to_string(index) + " of " + name_of(id) +
               " has not ended");
    });
  }
}

/// Nothing starts where somebody said that nothing may.
void Checks::look_at_administrators(const core::Fact& fact) {
  if (const auto* aside = std::get_if<core::NodeSetAside>(&fact)) {
    aside_.insert(aside->node);
  } else if (const auto* resumed = std::get_if<core::NodeResumed>(&fact)) {
    aside_.erase(resumed->node);
  } else if (const auto* down = std::get_if<core::PartitionTakenDown>(&fact)) {
    partitions_down_.insert(down->partition);
  } else if (const auto* up = std::get_if<core::PartitionBroughtUp>(&fact)) {
    partitions_down_.erase(up->partition);
  } else if (const auto* started = std::get_if<core::JobStarted>(&fact)) {
    if (partitions_down_.contains(started->partition)) {
      complain(name_of(started->job) + " started in a partition that is down");
    }
    for (const NodeShare& share : started->allocation.nodes) {
      if (aside_.contains(share.node)) {
        complain(name_of(started->job) + " started on a node that is set aside");
      }
    }
  }
}

void Checks::look_at_suspended(const core::Fact& fact) {
  if (const auto* suspended = std::get_if<core::JobSuspended>(&fact)) {
    watch_.suspended({suspended->job, suspended->attempt}, timeline_.now());
  } else if (const auto* resumed = std::get_if<core::JobResumed>(&fact)) {
    watch_.not_suspended({resumed->job, resumed->attempt});
  } else if (const auto* ending = std::get_if<core::JobEnding>(&fact)) {
    watch_.attempt_ends({ending->job, ending->attempt});
  } else if (const auto* undone = std::get_if<core::StartUndone>(&fact)) {
    watch_.not_suspended({undone->job, undone->attempt});
  }
}

/// Of each partition one row runs, and of that no job that somebody suspended.
void Checks::check_rows(const core::State& state) {
  for (const JobId id : state.index.unended) {
    const core::Job& job = *state.find_job(id);
    const bool is_there = job.phase == JobPhase::starting || job.phase == JobPhase::running;
    if (!is_there) continue;
    const core::JobRun& run = *job.run;
    const std::uint32_t row = run.allocation.row;
    const bool has_turn = row == 0 || row == core::turn_of(state.record, core::partition_of(job));
    if (run.stands.is_set() == (run.suspended.is_set() || !has_turn)) continue;
    complain(name_of(id) + " in row " + std::to_string(row) +
             (run.stands.is_set() ? " stands still for no reason" : " runs and should not"));
  }
}

/// What stands still is in memory as what runs is.
void Checks::check_memory(const core::State& state) {
  if (!memory_stays) return;
  for (const core::Node& node : state.record.nodes) {
    std::vector<std::int64_t> left = node.memory_mib;
    for (const JobId id : state.index.jobs_on_node[node.id.value]) {
      for (const NodeShare& share : state.find_job(id)->run->allocation.nodes) {
        if (share.node != node.id) continue;
        for (std::size_t i = 0; i < share.memory_mib.size() && i < left.size(); ++i) {
          left[i] -= share.memory_mib[i];
        }
      }
    }
    if (std::ranges::none_of(left, [](std::int64_t mib) { return mib < 0; })) continue;
    complain("the jobs of node " + node.name + " have more memory than it has");
  }
}

void Checks::check_settings(const core::State& state) {
  if (state.record.revision == revision_) return;
  revision_ = state.record.revision;
  if (std::ranges::find(sent_settings, state.record.settings) != sent_settings.end()) return;
  complain("a configuration is in force that nobody sent: revision " + std::to_string(revision_));
}

/// What it asked for is looked up here, as it was when it started; which nodes have which labels is
/// read from the configuration anew.
void Checks::look_at_labels(const core::JobStarted& started, const core::Job& job) {
  const Constraint& constraint = job.request.common->wishes->constraint;
  if (constraint.empty()) return;
  std::uint32_t choices = ~std::uint32_t{0};
  std::vector<std::uint64_t> counted(constraint.counted().size());
  std::uint64_t standing = 0;  // nodes of any kind that is counted
  for (const NodeShare& share : started.allocation.nodes) {
    const std::string& name = replayed_.record.nodes[share.node.value].name;
    const Constraint::Fit fit = constraint.fit(labels_of(replayed_.record.settings, name));
    choices &= fit.choices;
    standing += fit.kinds != 0 ? 1 : 0;
    for (std::size_t i = 0; i < counted.size(); ++i) counted[i] += fit.kinds >> i & 1U;
  }
  bool is_met = choices != 0 && standing >= constraint.nodes_counted();
  for (std::size_t i = 0; i < counted.size(); ++i) {
    is_met = is_met && counted[i] >= constraint.counted()[i].count;
  }
  if (!is_met) {
    complain(name_of(started.job) + " was given nodes that its constraint " + constraint.text() +
             " does not allow");
  }
}

/// Counted from the facts alone: a job holds its licenses from each start to its end, or until it
/// waits again.
void Checks::look_at_licenses(const core::Fact& fact) {
  if (const auto* ended = std::get_if<core::JobEnded>(&fact)) {
    licensed_.erase(ended->job);
  } else if (const auto* requeued = std::get_if<core::JobRequeued>(&fact)) {
    licensed_.erase(requeued->job);
  } else if (const auto* undone = std::get_if<core::StartUndone>(&fact)) {
    licensed_.erase(undone->job);
  }
}

void Checks::take_licenses(const core::JobStarted& started, const core::Job& job) {
  const std::vector<LicenseRequest>& asked = job.request.common->wishes->licenses;
  if (asked.empty()) return;
  licensed_[started.job] = asked;
  for (const LicenseRequest& one : asked) {
    std::uint64_t used = 0;
    for (const auto& [holder, held] : licensed_) {
      for (const LicenseRequest& other : held) used += other.name == one.name ? other.count : 0;
    }
    const auto& pools = replayed_.record.settings.licenses;
    const auto pool = std::ranges::find(pools, one.name, &LicenseSettings::name);
    const std::uint64_t total = pool == pools.end() ? 0 : pool->total;
    if (used <= total) continue;
    complain("license " + one.name + " was given out " + std::to_string(used) + " times, and " +
             std::to_string(total) + " are there, when " + name_of(started.job) + " started");
  }
}

void Checks::look(const core::Fact& fact) {
  look_at_licenses(fact);
  look_at_arrays(fact);
  look_at_administrators(fact);
  look_at_suspended(fact);
  if (const auto* started = std::get_if<core::JobStarted>(&fact)) {
    auto& last = started_[started->job];
    if (started->attempt.value != last.value + 1) {
      watch_.complain(name_of(started->job) + ": attempt " +
                      std::to_string(started->attempt.value) + " follows " +
                      std::to_string(last.value));
    }
    last = started->attempt;
    if (const core::Job* job = replayed_.find_job(started->job)) {
      look_at_labels(*started, *job);
      take_licenses(*started, *job);
    }
    auto& holders = holders_[{started->job, started->attempt}];
    for (const auto& share : started->allocation.nodes) {
      holders.insert(share.node);
    }
  } else if (const auto* freed = std::get_if<core::NodeFreed>(&fact)) {
    holders_[{freed->job, freed->attempt}].erase(freed->node);
  } else if (const auto* lost = std::get_if<core::NodeLost>(&fact)) {
    for (auto& [attempt, holders] : holders_) {
      if (holders.count(lost->node) != 0) {
        excused_.insert(attempt);
      }
    }
  } else if (const auto* ended = std::get_if<core::JobEnded>(&fact)) {
    if (!ended_.insert(ended->job).second) {
      watch_.complain(name_of(ended->job) + " ended twice");
    }
  } else if (const auto* submitted = std::get_if<core::JobSubmitted>(&fact)) {
    if (!submitted->request.common->requeue) single_runs_.insert(submitted->job);
  } else if (const auto* left = std::get_if<core::JobsForgotten>(&fact)) {
    look_at_forgotten(*left);
  }
}

/// Whoever asks for such a job is told what the history says: it has to be there, also when the
/// controller found the fact after a cut of its power.
void Checks::look_at_forgotten(const core::JobsForgotten& fact) {
  const auto page = read_history({.jobs = fact.jobs, .with_arrays = true});
  if (!page) return complain("the history cannot be read: " + page.error().message);
  std::set<JobId> found;
  for (const ctld::AttemptRow& row : page->attempts) found.insert(row.job);
  for (const JobId job : fact.jobs) {
    forgotten_.insert(job);
    if (!found.contains(job)) complain(name_of(job) + " was forgotten and is not in the history");
  }
}

// Limits lie far above what any job here runs; nodes are heard all the time.
void Checks::look_at_disturbance(const core::Fact& fact) {
  if (const auto* started = std::get_if<core::JobStarted>(&fact)) {
    truly_started_[started->job] = timeline_.now();
  }
  const auto* ending = std::get_if<core::JobEnding>(&fact);
  if (ending != nullptr && ending->cause == EndCause::time_limit &&
      timeline_.now() < truly_started_[ending->job] + job_limit) {
    complain(name_of(ending->job) + " was ended long before its limit");
  }
  if (!is_undisturbed) return;
  const bool is_lost = ending != nullptr && (ending->cause == EndCause::node_lost ||
                                             ending->cause == EndCause::supervisor_lost);
  if (is_lost) complain(name_of(ending->job) + " was disturbed: " + ending->why);
  // A start of which its node never heard is no disturbance.
  const auto* undone = std::get_if<core::StartUndone>(&fact);
  if (undone != nullptr && watch_.ran(undone->job, undone->attempt)) {
    complain(name_of(undone->job) + " was disturbed: " + undone->why);
  } else if (const auto* lost = std::get_if<core::NodeLost>(&fact)) {
    complain("a node that was heard is lost: " + lost->why);
  } else if (const auto* aside = std::get_if<core::NodeSetAside>(&fact);
             aside != nullptr && aside->aside != core::Aside::drained) {
    complain("a good node was set aside: " + aside->why);
  } else if (const auto* blamed = std::get_if<core::NodeBackedOff>(&fact)) {
    complain("a good node was blamed: " + blamed->why);
  }
}

void Checks::check_arrays(const core::State& state) {
  for (const auto& [array, members] : state.index.arrays) {
    const core::Job* job = state.find_job(array);
    const std::uint32_t limit = job == nullptr ? 0 : job->request.common->array.at_once_max;
    if (limit != 0 && members.live > limit) {
      complain(name_of(array) + " runs " + std::to_string(members.live) +
               " elements at once, more than " + std::to_string(limit));
    }
  }
  for (const auto& [id, array] : arrays_) {
    const core::Job* job = state.find_job(id);
    if (job == nullptr || job->phase != JobPhase::ended) continue;
    std::uint32_t counted = job->run->array->cancelled.count();
    for (const auto& [how, count] : job->run->array->ended) counted += count;
    if (counted == array.count()) continue;
    complain(name_of(id) + " counts " + std::to_string(counted) + " ended elements of " +
             std::to_string(array.count()));
  }
}

void Checks::after_turn(const core::State& state) {
  for (const auto& fault : core::ledger_faults(state)) {
    watch_.complain("ledger: " + fault);
  }
  if (!(state.index == core::rebuild_index(state.record))) {
    watch_.complain("the index differs from one built anew");
  }
  if (!(replayed_.record == state.record)) {
    watch_.complain("the journal replayed gives another state");
  }
  for (const auto& [key, job] : acknowledged_) {
    if (state.find_job(job) == nullptr && !forgotten_.contains(job)) {
      watch_.complain("acknowledged " + name_of(job) + " is not known");
    }
  }
  check_arrays(state);
  check_rows(state);
  check_memory(state);
  check_settings(state);
  std::map<JobId, std::set<Attempt>> attempts;
  for (const auto& place : watch_.live()) {
    if (!is_excused(place.step.job, place.step.attempt)) {
      attempts[place.step.job].insert(place.step.attempt);
    }
  }
  for (const auto& [job, live] : attempts) {
    if (live.size() > 1) {
      watch_.complain(name_of(job) + " has " + std::to_string(live.size()) + " live attempts");
    }
  }
}

void Checks::after_pass(const std::optional<testing::Promise>& before,
                        const std::optional<testing::Promise>& after) {
  if (!before.has_value() || !after.has_value() || !after->is_to_same(*before)) return;
  if (after->start <= before->start) return;
  complain("reserved " + name_of(before->place.job) + " is delayed from second " +
           std::to_string(before->start) + " to " + std::to_string(after->start));
}

void Checks::replay_equals(const core::State& state) {
  core::State again;
  for_each_fact([&again](const core::Fact& fact) { core::evolve(again, fact); });
  if (!(again.record == state.record)) {
    watch_.complain("the journal replayed from its start gives another state");
  }
}

void Checks::history_equals() {
  ctld::HistoryRows rows;
  core::State state;
  std::uint64_t sequence = 0;
  for_each_fact([&](const core::Fact& fact) {
    ctld::add_history_rows(state, fact, ++sequence, &rows);
    core::evolve(state, fact);
  });
  const auto page =
      read_history({.all_attempts = true, .with_steps = true, .limit = rows.size() + 1000});
  if (!page) return complain("the history cannot be read: " + page.error().message);
  std::map<AttemptKey, ctld::AttemptRow> attempts;
  std::map<StepKey, ctld::StepRow> steps;
  for (const auto& row : rows.attempts) attempts[row.key()] = row;
  for (const auto& row : rows.steps) steps[row.key()] = row;
  for (const auto& row : page->attempts) {
    const auto expected = attempts.extract(row.key());
    if (expected.empty() || !(expected.mapped() == row)) {
      complain("the history says of " + name_of(row.job) + " attempt " +
               std::to_string(row.attempt.value) + " what was not so: " + row.state);
    }
  }
  for (const auto& row : page->steps) {
    const auto expected = steps.extract(row.key());
    if (expected.empty() || !(expected.mapped() == row)) {
      complain("the history says of a step of " + name_of(row.job) + " what was not so");
    }
  }
  if (!attempts.empty() || !steps.empty()) {
    complain("the history lacks " + std::to_string(attempts.size()) + " attempts and " +
             std::to_string(steps.size()) + " steps");
  }
}

}  // namespace cox::faults
