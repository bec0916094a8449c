// An array against a plain, slow model: the same jobs submitted one by one, of which no more than
// the limit are released at a time. Both start the same elements on the same nodes, whatever
// happens.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using namespace cox::testing;

constexpr std::uint32_t elements = 12;

/// "element 3 on node 1", in order of the starts.
using Starts = std::vector<std::string>;

Settings with_backfill(const std::string& kind) {
  Settings settings = in_order();
  settings.backfill = kind;
  return settings;
}

/// Everything is named by what it is in both worlds: elements by index, others from 1000 on.
class World {
 public:
  virtual ~World() = default;

  explicit World(const std::string& backfill)
      : cluster(fleet().nodes(2).cores(2), with_backfill(backfill)) {}

  virtual void begin(const JobBuilder& one, std::uint32_t limit) = 0;
  virtual std::optional<JobId> id_of(std::uint32_t name) = 0;

  /// Asked of an element that has no job of its own.
  virtual void act(std::uint32_t index, bool is_cancel) = 0;

  /// From then on the element may begin; unset: at once.
  virtual void let_begin(std::uint32_t index, Instant from) = 0;

  /// Before each pass.
  virtual void prepare() {}

  virtual std::uint32_t name_of(JobId id) = 0;

  void submit_other(std::uint32_t name, const JobBuilder& one) {
    others[name] = *cluster.submit(one);
  }

  Starts pass() {
    prepare();
    Starts starts;
    for (bool is_done = false; !is_done;) {
      is_done = true;
      for (const Fact& fact : cluster.schedule()) {
        const auto* started = std::get_if<JobStarted>(&fact);
        if (started == nullptr) continue;
        starts.push_back(std::to_string(name_of(started->job)) + " on " +
                         std::to_string(started->allocation.nodes.front().node.value));
        is_done = false;
      }
      prepare();
    }
    return starts;
  }

  bool is_live(std::uint32_t name) {
    const auto id = id_of(name);
    return id && core::is_live(cluster.job(*id));
  }

  void end(std::uint32_t name) {
    const auto id = id_of(name);
    if (is_live(name)) cluster.batch_ended(cluster.node_of(*id), *id, static_cast<int>(name % 3));
  }

  void requeue(std::uint32_t name) {
    if (!is_live(name)) return;
    cluster.ask(RequeueJob{ada(), *id_of(name)});
    cluster.answer_all();
  }

  void fail(std::uint32_t name) {
    if (is_live(name)) cluster.failed(cluster.node_of(*id_of(name)), *id_of(name), "no room");
  }

  Cluster cluster;
  std::map<std::uint32_t, JobId> others;
};

JobChanges beginning(Instant from) {
  JobChanges changes;
  changes.begin = from;
  return changes;
}

class ArrayWorld final : public World {
 public:
  using World::World;

  void begin(const JobBuilder& one, std::uint32_t limit) override {
    const std::string text =
        "0-" + std::to_string(elements - 1) + (limit == 0 ? "" : "%" + std::to_string(limit));
    array = *cluster.submit(one.array(text));
  }

  std::optional<JobId> id_of(std::uint32_t name) override {
    if (others.contains(name)) return others.at(name);
    const ArrayMembers* members = cluster.state.find_members(array);
    if (members == nullptr || !members->elements.contains(name)) return std::nullopt;
    return members->elements.at(name);
  }

  void act(std::uint32_t index, bool is_cancel) override {
    if (is_cancel) {
      cluster.ask(CancelJob{ada(), array, single_element(index)});
    } else {
      cluster.ask(HoldJob{ada(), array, single_element(index)});
    }
  }

  void let_begin(std::uint32_t index, Instant from) override {
    cluster.ask(UpdateJob{ada(), array, beginning(from), single_element(index)});
  }

  std::uint32_t name_of(JobId id) override {
    if (is_element(cluster.job(id))) return cluster.job(id).index;
    return std::ranges::find(others, id, &std::pair<const std::uint32_t, JobId>::second)->first;
  }

  JobId array;
};

class ModelWorld final : public World {
 public:
  using World::World;

  void begin(const JobBuilder& one, std::uint32_t limit) override {
    limit_ = limit;
    for (std::uint32_t i = 0; i < elements; ++i) {
      jobs_.push_back(*cluster.submit(limit == 0 ? one : one.held()));
    }
  }

  std::optional<JobId> id_of(std::uint32_t name) override {
    return others.contains(name) ? others.at(name) : jobs_.at(name);
  }

  void act(std::uint32_t index, bool is_cancel) override {
    if (is_cancel) {
      cluster.ask(CancelJob{ada(), jobs_[index]});
    } else {
      cluster.ask(HoldJob{ada(), jobs_[index]});
    }
    acted_.insert(index);
  }

  void let_begin(std::uint32_t index, Instant from) override {
    cluster.ask(UpdateJob{ada(), jobs_[index], beginning(from)});
  }

  std::uint32_t name_of(JobId id) override {
    for (std::uint32_t i = 0; i < jobs_.size(); ++i) {
      if (jobs_[i] == id) return i;
    }
    return std::ranges::find(others, id, &std::pair<const std::uint32_t, JobId>::second)->first;
  }

  /// Only as many wait in the queue as may begin, the lowest of all.
  void prepare() override {
    if (limit_ == 0) return;
    std::uint32_t open = 0;
    for (const JobId id : jobs_) open += core::is_live(cluster.job(id)) ? 1 : 0;
    for (std::uint32_t i = 0; i < jobs_.size(); ++i) {
      const Job& job = cluster.job(jobs_[i]);
      if (job.phase != JobPhase::pending || acted_.contains(i)) continue;
      const bool may = open < limit_ && job.request.begin <= cluster.now;
      open += may ? 1 : 0;
      if (may) {
        cluster.ask(ReleaseJob{ada(), job.id});
      } else {
        cluster.ask(HoldJob{ada(), job.id});
      }
    }
  }

 private:
  std::uint32_t limit_ = 0;
  std::vector<JobId> jobs_;
  std::set<std::uint32_t> acted_;  // held or cancelled for good
};

JobBuilder some_job(Dice& dice) {
  return job().cpus(1 + dice.small(2)).nodes(1 + dice.small(2)).minutes(1 + dice.small(30));
}

/// Of which some begin later.
JobBuilder some_array(Dice& dice, const World& world) {
  const JobBuilder one = some_job(dice);
  return dice.chance(25) ? one.begin(world.cluster.now + seconds(90)) : one;
}

/// The same event in both worlds.
void event(Dice& dice, World& array, World& model, std::uint32_t* next_other) {
  const std::uint32_t count = elements + *next_other - 1000;
  std::uint32_t name = dice.small(count);
  if (name >= elements) name = 1000 + name - elements;
  const std::uint64_t kind = dice.roll(11);
  if (kind == 0) {
    const JobBuilder one = some_job(dice).nice(static_cast<std::int32_t>(dice.roll(3)));
    array.submit_other(*next_other, one);
    model.submit_other((*next_other)++, one);
  }
  for (World* world : {&array, &model}) {
    if (kind >= 1 && kind <= 5) world->end(name);
    if (kind == 6) world->requeue(name);
    if (kind == 7) world->fail(name);
    if (kind == 8) world->cluster.advance(seconds(40));
    if (kind == 8) world->cluster.ask(CheckTime{});
  }
  const bool is_one_record = name < elements && !array.id_of(name).has_value();
  if (kind == 9 && is_one_record) {
    const bool is_cancel = dice.chance(50);
    array.act(name, is_cancel);
    model.act(name, is_cancel);
  }
  if (kind == 10 && name < elements) {
    const Instant from = dice.chance(50) ? Instant{} : array.cluster.now + seconds(60);
    array.let_begin(name, from);
    model.let_begin(name, from);
  }
}

void expect_the_same_starts(const std::string& backfill, std::uint64_t seed) {
  Dice dice(seed);
  ArrayWorld array(backfill);
  ModelWorld model(backfill);
  const JobBuilder one = some_array(dice, array);
  const std::uint32_t limit = dice.small(4);
  std::uint32_t next_other = 1000;
  array.begin(one, limit);
  model.begin(one, limit);
  for (int i = 0; i < 80; ++i) {
    ASSERT_EQ(array.pass(), model.pass()) << "seed " << seed << ", event " << i;
    array.cluster.answer_all();
    model.cluster.answer_all();
    if (i % 20 == 0) {
      ASSERT_EQ(array.cluster.faults(), std::vector<std::string>{}) << "seed " << seed;
    }
    event(dice, array, model, &next_other);
  }
}

class ArrayProperty : public ::testing::TestWithParam<std::string> {};

TEST_P(ArrayProperty, StartsWhatOneJobPerElementWouldStart) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) expect_the_same_starts(GetParam(), seed);
}

/// The reason that a pass keeps is the one that explain() finds, for arrays as for other jobs.
TEST_P(ArrayProperty, ReasonsAgreeWithTheirExplanations) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Dice dice(seed);
    ArrayWorld world(GetParam());
    ArrayWorld twin(GetParam());
    const JobBuilder one = some_array(dice, world);
    world.begin(one, dice.small(3));
    twin.begin(one, 0);
    std::uint32_t next_other = 1000;
    for (int i = 0; i < 40; ++i) {
      world.pass();
      world.cluster.answer_all();
      world.pass();  // a node that was silent has answered
      for (const JobId id : world.cluster.state.index.unended) {
        if (world.cluster.job(id).phase != JobPhase::pending) continue;
        const Verdict verdict = explain(world.cluster.state, world.cluster.contact,
                                        world.cluster.now, world.cluster.policies(), id);
        ASSERT_EQ(verdict.code, world.cluster.plan().blocked(world.cluster.state, id).code)
            << "seed " << seed << ", event " << i << ", job " << job_name(world.cluster.job(id))
            << ": " << verdict.summary;
      }
      event(dice, world, twin, &next_other);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         ArrayProperty,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));

}  // namespace
}  // namespace cox::core
