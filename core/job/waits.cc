// See waits.h. Everything here is a function of the Record: what follow() does step by step,
// rebuild_waits() does at once, and a test compares the two after every fact.
#include "core/job/waits.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/waits_parts.h"
#include "core/repair.h"

namespace cox::core {
namespace {

/// The Index while it changes, with the Record that it follows.
struct Keeping {
  const Record& record;
  Index& index;

  WaitView view() const { return WaitView{record, index}; }

  WaitIndex& waits() const { return index.waits; }
};

/// An array waits as long as it has not ended; its elements with it, but for those that have
/// answers of their own.
bool wants_waits(const Job& job) {
  if (!has_dependency(job)) return false;
  if (is_array(job)) return job.phase != JobPhase::ended;
  return job.phase == JobPhase::pending && (!is_element(job) || is_corresponding(job));
}

bool wants_single(const Job& job) {
  return job.phase == JobPhase::pending && has_dependency(job) &&
         has_kind(job.request.terms->dependency, DependencyKind::singleton);
}

template <class Visit>
void for_each_reference(const Dependency& dependency, Visit visit) {
  std::uint32_t place = 0;
  for (const DependencyTerm& term : dependency.terms) {
    for (const JobReference& reference : term.jobs) visit(term.kind, reference, place++);
  }
}

bool has_something_pending(const Keeping& to, const Job& job) {
  if (job.phase == JobPhase::pending) return true;
  if (!is_array(job) || job.phase == JobPhase::ended) return false;
  const auto members = to.index.arrays.find(job.id);
  return members != to.index.arrays.end() && members->second.unended != members->second.live;
}

void refresh_doomed(const Keeping& to, JobId id) {
  const Job* job = to.record.jobs.find(id);
  const auto waits = to.waits().jobs.find(id);
  const bool is_doomed = job != nullptr && waits != to.waits().jobs.end() &&
                         waits->second.all.met == Met::never &&
                         !waits->second.terms->keep_when_never && has_something_pending(to, *job);
  if (is_doomed) {
    to.waits().doomed.insert(id);
  } else {
    to.waits().doomed.erase(id);
  }
}

bool is_due(const Keeping& to, const Job& array, std::uint32_t index) {
  const Cow<JobTerms>& terms = array.request.terms;
  const Answer all = make_waits(to.view(), terms, WaitingAs{false, index}).all;
  return all.met == Met::met || (all.met == Met::never && !terms->keep_when_never);
}

void refresh_due(const Keeping& to, const Job& array, std::uint32_t index) {
  const bool is_waiting = array.phase == JobPhase::pending && remainder(array).contains(index);
  if (is_waiting && is_due(to, array, index)) {
    to.waits().due.emplace(array.id, index);
  } else {
    to.waits().due.erase({array.id, index});
  }
}

void forget_due(const Keeping& to, JobId array) {
  auto& due = to.waits().due;
  due.erase(due.lower_bound({array, 0}), due.lower_bound({JobId{array.value + 1}, 0}));
}

/// Costs the array's elements: only when something else that they all wait for came true, or can
/// no more.
void refresh_all_due(const Keeping& to, const Job& array) {
  forget_due(to, array.id);
  if (array.phase != JobPhase::pending || !is_corresponding(array)) return;
  remainder(array).for_each([&](std::uint32_t index) { refresh_due(to, array, index); });
}

void register_waits(const Keeping& to, const Job& job) {
  const WaitingAs who = waiting_as(job);
  Waits waits = make_waits(to.view(), job.request.terms, who);
  for_each_reference(waits.terms->dependency,
                     [&](DependencyKind kind, const JobReference& reference, std::uint32_t place) {
                       to.waits().waiters[key_of(to.view(), who, kind, reference)].emplace(job.id,
                                                                                           place);
                     });
  to.waits().jobs[job.id] = std::move(waits);
  if (is_array(job)) refresh_all_due(to, job);
}

void unregister_waits(const Keeping& to, const Job& job) {
  const auto found = to.waits().jobs.find(job.id);
  if (found == to.waits().jobs.end()) return;
  const WaitingAs who = waiting_as(job);
  for_each_reference(found->second.terms->dependency,
                     [&](DependencyKind kind, const JobReference& reference, std::uint32_t place) {
                       // The array may have left meanwhile, and with it what it was: both are
                       // tried.
                       for (const WaitKey& key : {key_of(to.view(), who, kind, reference),
                                                  WaitKey{reference.job, reference.index},
                                                  WaitKey{reference.job, who.index}}) {
                         const auto waiters = to.waits().waiters.find(key);
                         if (waiters == to.waits().waiters.end()) continue;
                         waiters->second.erase({job.id, place});
                         if (waiters->second.empty()) to.waits().waiters.erase(waiters);
                       }
                     });
  to.waits().jobs.erase(found);
  if (is_array(job)) forget_due(to, job.id);
}

/// Something became of `key`. `element`: of the array that it is, or whose element it is.
void tell_waiter(const Keeping& to, const Waiter& waiter, std::optional<std::uint32_t> element) {
  const Job* job = to.record.jobs.find(waiter.first);
  Waits& waits = to.waits().jobs.at(waiter.first);
  if (job == nullptr) return;
  DependencyKind kind{};
  const JobReference& reference = reference_at(waits.terms->dependency, waiter.second, &kind);
  const Answer before = waits.all;
  const Answer answer = answer_to(to.view(), *waits.terms, waiting_as(*job), kind, reference);
  const bool is_other = waits.answers[waiter.second].met != answer.met;
  change_answer(waits, waiter.second, answer);
  if (is_array(*job)) {
    if (kind == corresponding && element) {
      refresh_due(to, *job, *element);
    } else if (is_other || kind == corresponding) {
      refresh_all_due(to, *job);
    }
  }
  if (before != waits.all) refresh_doomed(to, waiter.first);
}

void tell_waiters(const Keeping& to, const WaitKey& key, std::optional<std::uint32_t> element) {
  const auto found = to.waits().waiters.find(key);
  if (found == to.waits().waiters.end()) return;
  const std::vector<Waiter> waiters(found->second.begin(), found->second.end());
  for (const Waiter& waiter : waiters) tell_waiter(to, waiter, element);
}

/// Those who wait for elements of the array, whichever.
void tell_waiters_of_elements(const Keeping& to, JobId array) {
  const auto& waiters = to.waits().waiters;
  std::vector<WaitKey> keys;
  for (auto next = waiters.upper_bound({array, std::nullopt});
       next != waiters.end() && next->first.first == array; ++next) {
    keys.push_back(next->first);
  }
  for (const WaitKey& key : keys) tell_waiters(to, key, key.second);
}

void refresh_deadline(const Keeping& to, const Job& job) {
  WaitIndex& waits = to.waits();
  const auto known = waits.deadline_of.find(job.id);
  const Instant due = deadline_due(job);
  if (known != waits.deadline_of.end()) {
    if (known->second == due) return;
    waits.deadlines.erase({known->second, job.id});
    waits.deadline_of.erase(known);
  }
  if (!due.is_set()) return;
  waits.deadline_of[job.id] = due;
  waits.deadlines.emplace(due, job.id);
}

/// Whether a time will come when the job takes its nodes from any number of switches.
void refresh_for_leaves(const Keeping& to, const Job& job) {
  const bool is_open =
      is_array(job) ? job.phase != JobPhase::ended : job.phase == JobPhase::pending;
  if (is_open && job.request.common->wishes->switches.ends()) {
    to.waits().for_leaves.insert(job.id);
  } else {
    to.waits().for_leaves.erase(job.id);
  }
}

std::size_t live_of_name(const Record& record, const Index& index, const SingleName& name) {
  std::size_t live = 0, seen = 0;
  for (std::size_t node = 0; node < index.jobs_on_node.size(); ++node) {
    for (const JobId id : index.jobs_on_node[node]) {
      const Job& job = record.jobs.at(id);
      const auto& freed = job.run->freed;
      // Each job once, by the first node that it still holds.
      std::size_t first = 0;
      while (first < freed.size() && freed.test(first)) ++first;
      if (job.run->allocation.nodes[first].node.value != node) continue;
      ++seen;
      if (single_name(job) == name) ++live;
    }
  }
  if (seen == index.live) return live;
  // After damage: one whose end could not be read holds nothing any more, and has not ended.
  for (const JobId id : index.unended) {
    const Job& job = record.jobs.at(id);
    if (is_live(job) && is_free(job) && single_name(job) == name) ++live;
  }
  return live;
}

void add_single(const Keeping& to, const Job& job) {
  const auto [group, is_new] = to.waits().singles.try_emplace(single_name(job));
  if (is_new) group->second.live = live_of_name(to.record, to.index, group->first);
  ++group->second.waiting[family_of(job)];
}

void drop_single(const Keeping& to, JobId family, const SingleName& name) {
  const auto group = to.waits().singles.find(name);
  if (group == to.waits().singles.end()) return;
  const auto count = group->second.waiting.find(family);
  if (count == group->second.waiting.end()) return;
  if (--count->second == 0) group->second.waiting.erase(count);
  if (group->second.waiting.empty()) to.waits().singles.erase(group);
}

/// What the job itself waits for, after a fact about it.
void follow_one(const Keeping& to, const Job& job, bool is_updated) {
  const bool is_known = to.waits().jobs.contains(job.id);
  if (is_known && (is_updated || !wants_waits(job))) unregister_waits(to, job);
  if (wants_waits(job) && (is_updated || !is_known)) register_waits(to, job);
  if (!to.waits().jobs.empty() || !to.waits().doomed.empty()) {
    refresh_doomed(to, job.id);
    if (is_element(job)) refresh_doomed(to, job.array);
  }
  if (!job.request.terms.is_blank() || to.waits().deadline_of.contains(job.id)) {
    refresh_deadline(to, job);
  }
  if (!job.request.common->wishes.is_blank() || !to.waits().for_leaves.empty()) {
    refresh_for_leaves(to, job);
  }
}

/// The fact may change the answer to those who wait for the job.
bool moves_on(const Fact& fact) {
  return std::visit(
      [](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        return std::is_same_v<One, JobStarted> || std::is_same_v<One, JobReleased> ||
               std::is_same_v<One, StartUndone> || std::is_same_v<One, JobRequeued> ||
               std::is_same_v<One, JobEnded> || std::is_same_v<One, ElementsCancelled> ||
               std::is_same_v<One, ElementSplit> || std::is_same_v<One, JobQuarantined>;
      },
      fact);
}

}  // namespace

void rebuild_waits(Index& index, const Record& record) {
  index.waits = WaitIndex{};
  const Keeping to{record, index};
  for (const Job& job : record.jobs) {
    if (wants_waits(job)) register_waits(to, job);
    if (wants_single(job)) add_single(to, job);
    refresh_deadline(to, job);
    refresh_for_leaves(to, job);
  }
  std::vector<JobId> ids;
  for (const auto& [id, waits] : index.waits.jobs) ids.push_back(id);
  for (const JobId id : ids) refresh_doomed(to, id);
}

WaitKeeper::WaitKeeper(const State& state, const Fact& fact) : job_(job_of(fact)) {
  const Job* job = job_ == JobId{} ? nullptr : state.find_job(job_);
  if (job == nullptr) return;
  was_live_ = is_live(*job);
  if (!state.index.waits.singles.empty() && wants_single(*job)) single_ = single_name(*job);
}

void WaitKeeper::keep_singles(State& state, const Job& job) const {
  const Keeping to{state.record, state.index};
  if (const bool is_live_now = is_live(job); is_live_now != was_live_) {
    const auto group = to.waits().singles.find(single_name(job));
    if (group != to.waits().singles.end()) group->second.live += is_live_now ? 1 : std::size_t(-1);
  }
  const bool is_single = wants_single(job);
  if (single_ && (!is_single || *single_ != single_name(job))) {
    drop_single(to, family_of(job), *single_);
  }
  if (is_single && (!single_ || *single_ != single_name(job))) add_single(to, job);
}

void WaitKeeper::follow(State& state, const Fact& fact) const {
  if (job_ == JobId{}) return;
  const Keeping to{state.record, state.index};
  if (const auto* split = std::get_if<ElementSplit>(&fact)) {
    to.waits().due.erase({split->array, split->index});
    const Job& element = state.record.jobs.at(split->job);
    if (wants_single(element)) add_single(to, element);
    follow_one(to, element, false);
  } else if (const auto* cancelled = std::get_if<ElementsCancelled>(&fact)) {
    if (!to.waits().due.empty()) {
      cancelled->elements.for_each([&](std::uint32_t index) {
        to.waits().due.erase({job_, index});
      });
    }
  }
  const Job* job = state.find_job(job_);
  if (job == nullptr) return;
  keep_singles(state, *job);
  follow_one(to, *job, std::holds_alternative<JobUpdated>(fact));
  if (!moves_on(fact) || to.waits().waiters.empty()) return;
  tell_waiters(to, {job_, std::nullopt}, std::nullopt);
  if (std::holds_alternative<ElementsCancelled>(fact)) tell_waiters_of_elements(to, job_);
  if (!is_element(*job)) return;
  tell_waiters(to, {job->array, job->index}, job->index);
  tell_waiters(to, {job->array, std::nullopt}, job->index);
}

}  // namespace cox::core
