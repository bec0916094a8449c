// The containers of jobs against std::map, set by set.
#include "core/job_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/common_table.h"
#include "core/job_set.h"
#include "core/key_table.h"
#include "core/state.h"

namespace cox::core {
namespace {

/// Crowded around two page ends, so that erasing finds what inserting made.
JobId any_id() {
  const auto base = *rc::gen::element<std::uint64_t>(1, 250, 4090, 1'000'000);
  return JobId{base + *rc::gen::inRange<std::uint64_t>(0, 12)};
}

Job job_of(JobId id, std::int64_t at) {
  Job job;
  job.id = id;
  job.submitted = Instant{at};
  return job;
}

std::vector<std::uint64_t> ids_of(const JobTable& table) {
  std::vector<std::uint64_t> ids;
  for (const Job& job : table) ids.push_back(job.id.value);
  return ids;
}

RC_GTEST_PROP(JobTable, holds_what_a_map_holds_in_the_same_order, ()) {
  JobTable table;
  std::map<std::uint64_t, std::int64_t> plain;
  const auto rounds = *rc::gen::inRange(0, 60);
  for (int i = 0; i < rounds; ++i) {
    const JobId id = any_id();
    if (*rc::gen::inRange(0, 3) == 0) {
      RC_ASSERT(table.erase(id) == (plain.erase(id.value) == 1));
    } else {
      table.insert(job_of(id, i));
      plain[id.value] = i;
    }
  }
  std::vector<std::uint64_t> ids;
  for (const auto& [id, at] : plain) {
    ids.push_back(id);
    RC_ASSERT(table.at(JobId{id}).submitted.us == at);
  }
  RC_ASSERT(ids_of(table) == ids);
  RC_ASSERT(table.size() == plain.size());
  const JobTable copy = table;
  RC_ASSERT(copy == table);
  const auto after = plain.upper_bound(250);
  const auto found = table.upper_bound(JobId{250});
  RC_ASSERT((after == plain.end()) == (found == table.end()));
  if (after != plain.end()) RC_ASSERT(found->id.value == after->first);
}

TEST(JobTable, a_page_gives_its_jobs_in_order_and_others_none) {
  JobTable table;
  for (const std::uint64_t id : {258U, 256U, 511U, 512U}) table.insert(job_of(JobId{id}, 1));
  const auto jobs = table.jobs_of(1);
  ASSERT_EQ(jobs.size(), 3U);
  EXPECT_EQ(jobs[0]->id, JobId{256});
  EXPECT_EQ(jobs[2]->id, JobId{511});
  EXPECT_TRUE(table.jobs_of(0).empty());
  EXPECT_TRUE(table.jobs_of(99).empty());
  EXPECT_EQ(table.pages_end(), 3U);
}

TEST(JobTable, pages_before_the_first_job_and_of_jobs_that_left_cost_nothing) {
  const std::uint64_t high = std::uint64_t{1} << 48U;
  JobTable table;
  table.insert(job_of(JobId{high}, 1));
  EXPECT_EQ(table.begin()->id, JobId{high});
  EXPECT_EQ(table.pages_end(), high / jobs_per_page + 1);
  EXPECT_EQ(table.find(JobId{1}), nullptr);
  EXPECT_TRUE(table.erase(JobId{high}));
  table.insert(job_of(JobId{300}, 1));
  table.insert(job_of(JobId{1}, 1));
  EXPECT_EQ(ids_of(table), (std::vector<std::uint64_t>{1, 300}));
}

TEST(JobTable, jobs_stay_where_they_are_while_others_come_and_go) {
  JobTable table;
  const Job* one = &table.insert(job_of(JobId{7}, 1));
  for (std::uint64_t id = 8; id < 3000; ++id) table.insert(job_of(JobId{id}, 1));
  for (std::uint64_t id = 8; id < 3000; ++id) table.erase(JobId{id});
  EXPECT_EQ(table.find(JobId{7}), one);
}

TEST(JobTable, a_waiting_job_is_small) {
  EXPECT_LE(sizeof(Job), 256U);
}

RC_GTEST_PROP(JobSet, holds_what_a_set_holds_in_the_same_order, ()) {
  JobSet jobs;
  std::set<JobId> plain;
  const auto rounds = *rc::gen::inRange(0, 60);
  for (int i = 0; i < rounds; ++i) {
    const JobId id = any_id();
    if (*rc::gen::inRange(0, 3) == 0) {
      RC_ASSERT(jobs.erase(id) == (plain.erase(id) == 1));
    } else {
      RC_ASSERT(jobs.insert(id) == plain.insert(id).second);
    }
  }
  RC_ASSERT(std::vector<JobId>(jobs.begin(), jobs.end()) ==
            std::vector<JobId>(plain.begin(), plain.end()));
  RC_ASSERT(jobs.size() == plain.size());
  const JobId id = any_id();
  RC_ASSERT(jobs.contains(id) == plain.contains(id));
  const auto after = plain.upper_bound(id);
  const auto found = jobs.upper_bound(id);
  RC_ASSERT((after == plain.end()) == (found == jobs.end()));
  if (after != plain.end()) RC_ASSERT(*found == *after);
}

RC_GTEST_PROP(KeyTable, finds_what_a_map_finds_whatever_the_seed, ()) {
  KeyTable keys;
  keys.set_seed(*rc::gen::arbitrary<std::uint64_t>());
  std::map<ClientKey, JobId> plain;
  const auto rounds = *rc::gen::inRange(0, 200);
  for (int i = 1; i <= rounds; ++i) {
    const ClientKey key{{0, *rc::gen::inRange<std::uint64_t>(1, 40)}};
    if (*rc::gen::inRange(0, 2) == 0) {
      const JobId job = plain.contains(key) ? plain[key] : JobId{1};
      keys.erase(key, job);
      plain.erase(key);
    } else {
      keys.insert(key, JobId{static_cast<std::uint64_t>(i)});
      plain[key] = JobId{static_cast<std::uint64_t>(i)};
    }
  }
  KeyTable same;
  for (std::uint64_t k = 1; k < 40; ++k) {
    const ClientKey key{{0, k}};
    const auto found = keys.find(key);
    RC_ASSERT(found.has_value() == plain.contains(key));
    if (!found.has_value()) continue;
    RC_ASSERT(*found == plain[key]);
    same.insert(key, *found);
  }
  RC_ASSERT(keys.size() == plain.size());
  RC_ASSERT(same == keys);
}

TEST(KeyTable, an_erase_for_an_older_job_leaves_the_newer_one) {
  KeyTable keys;
  const ClientKey key{{1, 2}};
  keys.insert(key, JobId{1});
  keys.insert(key, JobId{2});
  keys.erase(key, JobId{1});
  EXPECT_EQ(keys.find(key), JobId{2});
  KeyTable other;
  other.insert(key, JobId{1});
  EXPECT_FALSE(keys == other);
}

Cow<JobCommon> common_of(const std::string& account) {
  JobCommon common;
  common.account = account;
  return Cow<JobCommon>(common);
}

TEST(CommonTable, equal_values_become_one_and_others_do_not) {
  CommonTable commons;
  const auto first = commons.intern(common_of("a"));
  const auto other = commons.intern(common_of("b"));
  EXPECT_TRUE(commons.intern(common_of("a")).is_same(first));
  EXPECT_FALSE(other.is_same(first));
  EXPECT_EQ(other->account, "b");
}

TEST(CommonTable, values_that_no_job_holds_are_forgotten) {
  CommonTable commons;
  const auto kept = commons.intern(common_of("kept"));
  for (int i = 0; i < 5000; ++i) commons.intern(common_of(std::to_string(i)));
  EXPECT_LE(commons.size(), 1100U);
  EXPECT_TRUE(commons.intern(common_of("kept")).is_same(kept));
}

}  // namespace
}  // namespace cox::core
