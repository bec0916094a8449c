// Dependencies against a plain, slow model, which after every event asks each waiting job about
// each of its references and keeps nothing: the same jobs may begin, and the same ones end.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/waits.h"
#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using namespace cox::testing;

enum class Truth : std::uint8_t { open, yes, no };

/// What the manual says of one job that is named.
Truth truth_of_job(const Job& other, DependencyKind kind, Instant now, Duration delay) {
  const bool has_ended = other.phase == JobPhase::ended;
  const bool is_well = has_ended && other.run->final_state == JobState::completed;
  const Instant begun = other.run->begun.is_set() ? other.run->begun : other.run->ended;
  const auto after = [&](Instant at) { return at + delay <= now ? Truth::yes : Truth::open; };
  switch (kind) {
    case DependencyKind::after:
      return other.run->begun.is_set() || has_ended ? after(begun) : Truth::open;
    case DependencyKind::after_not_ok:
      return !has_ended ? Truth::open : is_well ? Truth::no : after(other.run->ended);
    case DependencyKind::after_any:
      return has_ended ? after(other.run->ended) : Truth::open;
    default:
      return !has_ended ? Truth::open : is_well ? after(other.run->ended) : Truth::no;
  }
}

class Model {
 public:
  explicit Model(const Cluster& cluster) : cluster_(cluster) {}

  Truth truth(const Job& job) const {
    if (job.request.terms.is_blank()) return Truth::yes;
    const Dependency& dependency = job.request.terms->dependency;
    std::set<Truth> seen;
    for (const DependencyTerm& term : dependency.terms) seen.insert(truth(job, term));
    if (seen.empty()) return Truth::yes;
    if (dependency.is_any) {
      return seen.contains(Truth::yes)    ? Truth::yes
             : seen.contains(Truth::open) ? Truth::open
                                          : Truth::no;
    }
    return seen.contains(Truth::no)     ? Truth::no
           : seen.contains(Truth::open) ? Truth::open
                                        : Truth::yes;
  }

 private:
  Truth truth(const Job& job, const DependencyTerm& term) const {
    if (term.kind == DependencyKind::singleton) return single(job);
    Truth whole = Truth::yes;
    for (const JobReference& reference : term.jobs) {
      const Truth one = truth(job, term.kind, reference);
      if (one == Truth::no) return Truth::no;
      if (one == Truth::open) whole = Truth::open;
    }
    return whole;
  }

  Truth truth(const Job& job, DependencyKind kind, const JobReference& reference) const {
    const Duration delay = minutes(reference.delay_minutes);
    const Job& other = cluster_.job(reference.job);
    if (!is_array(other)) return truth_of_job(other, kind, cluster_.now, delay);
    if (reference.index) return of_element(other, *reference.index, kind, delay);
    if (kind == DependencyKind::after_corresponding) {
      if (is_array(job)) return Truth::open;
      if (is_element(job)) return of_element(other, job.index, kind, delay);
    }
    if (kind == DependencyKind::after && other.phase != JobPhase::ended) {
      for (const Job& element : cluster_.state.record.jobs) {
        if (element.array == other.id && element.phase == JobPhase::pending) return Truth::open;
      }
      const bool is_begun = other.phase == JobPhase::split;
      if (!is_begun) return Truth::open;
      return other.run->begun + delay <= cluster_.now ? Truth::yes : Truth::open;
    }
    return truth_of_job(other, kind, cluster_.now, delay);
  }

  Truth of_element(const Job& array,
                   std::uint32_t index,
                   DependencyKind kind,
                   Duration delay) const {
    for (const Job& one : cluster_.state.record.jobs) {
      if (one.array == array.id && one.index == index) {
        return truth_of_job(one, kind, cluster_.now, delay);
      }
    }
    if (!array.run->array->cancelled.contains(index)) return Truth::open;
    const bool wants_well =
        kind == DependencyKind::after_ok || kind == DependencyKind::after_corresponding;
    return wants_well ? Truth::no : Truth::yes;
  }

  Truth single(const Job& job) const {
    const JobId family = is_element(job) ? job.array : job.id;
    for (const Job& other : cluster_.state.record.jobs) {
      const JobId its = is_element(other) ? other.array : other.id;
      const bool is_same = other.request.name == job.request.name &&
                           other.request.common->user.uid == job.request.common->user.uid;
      if (!is_same || its == family) continue;
      if (is_live(other)) return Truth::open;
      const bool is_single =
          !other.request.terms.is_blank() &&
          std::ranges::any_of(other.request.terms->dependency.terms, [](const auto& term) {
            return term.kind == DependencyKind::singleton;
          });
      if (other.phase == JobPhase::pending && is_single && its < family) return Truth::open;
    }
    return Truth::yes;
  }

  const Cluster& cluster_;
};

std::string text(const Job& job) {
  return job_name(job) + " " + dependency_text(job.request.terms->dependency);
}

/// No element is left waiting with its array whose own turn has come or never will.
void check_elements(const Cluster& cluster, const Model& model, const Job& array) {
  if (!has_kind(array.request.terms->dependency, DependencyKind::after_corresponding)) return;
  remainder(array).for_each([&](std::uint32_t index) {
    Job element = element_of(array, JobId{~std::uint64_t{0}}, index);
    // A delay, or its turn among singletons, is waited for by an element of its own.
    if (has_kind(array.request.terms->dependency, DependencyKind::singleton)) return;
    const Truth truth = model.truth(element);
    EXPECT_NE(truth, Truth::yes) << text(array) << " element " << index;
    if (!array.request.terms->keep_when_never) {
      EXPECT_NE(truth, Truth::no) << text(array) << " element " << index;
    }
  });
  static_cast<void>(cluster);
}

TEST(DependencyProperty, TheSameJobsMayBeginAsInThePlainModel) {
  std::map<Truth, int> met;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    RandomLife life(seed * 31);
    life.forgets = false;
    const Model model(life.cluster);
    life.cluster.watch = [&](const State&, const Fact& fact) {
      const auto* started = std::get_if<JobStarted>(&fact);
      if (started == nullptr) return;
      const Job& job = life.cluster.job(started->job);
      EXPECT_EQ(model.truth(job), Truth::yes) << "seed " << seed << " began " << text(job);
    };
    for (int i = 0; i < 120; ++i) {
      life.event();
      const State& state = life.cluster.state;
      for (const Job& job : state.record.jobs) {
        if (job.phase != JobPhase::pending || job.request.terms.is_blank()) continue;
        const Truth truth = model.truth(job);
        ++met[truth];
        const auto from = eligible_from(state, job);
        const bool may = from && std::max(*from, job.request.begin) <= life.cluster.now;
        const bool is_due = job.request.begin <= life.cluster.now;
        ASSERT_EQ(may, truth == Truth::yes && is_due) << "seed " << seed << " " << text(job);
        if (!job.request.terms->keep_when_never) {
          ASSERT_NE(truth, Truth::no) << "seed " << seed << " was not ended: " << text(job);
        }
        if (is_array(job)) check_elements(life.cluster, model, job);
      }
    }
  }
  EXPECT_GT(met[Truth::yes], 100);
  EXPECT_GT(met[Truth::open], 1000);
  EXPECT_GT(met[Truth::no], 10);
}

}  // namespace
}  // namespace cox::core
