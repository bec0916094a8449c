// Builders for tests of history.db.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctld/store/history.h"

namespace cox::ctld {

/// A job of ada that ran for ten seconds and completed; `ended_s` after the first second of 2024.
inline AttemptRow ended_job(std::uint64_t job, std::int64_t ended_s, std::uint32_t attempt = 1) {
  AttemptRow row;
  row.job = JobId(job);
  row.attempt = Attempt(attempt);
  row.sequence = job;
  row.is_last = true;
  row.uid = 1000;
  row.gid = 100;
  row.user = "ada";
  row.group = "users";
  row.name = "wave";
  row.partition = "batch";
  row.kind = "batch";
  row.ended = Instant{1'704'067'200'000'000} + seconds(ended_s);
  row.started = row.ended - seconds(10);
  row.submitted = row.eligible = row.started - seconds(1);
  row.time_limit = minutes(1);
  row.state = "COMPLETED";
  row.failure = "none";
  row.nodes = row.tasks = row.asked_nodes_min = row.asked_nodes_max = row.asked_tasks = 1;
  row.cpus = row.asked_cpus = 2;
  row.memory_mib = 100;
  row.node_list = "n1";
  row.cores = "n1:0-1";
  row.usage = Usage{5'000'000, 1'000'000, 50 << 20};
  return row;
}

inline StepRow ended_step(const AttemptRow& job, StepId id) {
  StepRow row;
  row.job = job.job;
  row.attempt = job.attempt;
  row.step = id;
  row.sequence = job.sequence;
  row.uid = job.uid;
  row.user = job.user;
  row.name = step_name(id);
  row.started = job.started;
  row.ended = job.ended;
  row.state = job.state;
  row.failure = job.failure;
  row.nodes = row.tasks = 1;
  row.node_list = job.node_list;
  row.usage = job.usage;
  return row;
}

inline std::shared_ptr<const HistoryRows> rows_of(std::uint64_t last,
                                                  std::vector<AttemptRow> attempts,
                                                  std::vector<StepRow> steps = {}) {
  auto rows = std::make_shared<HistoryRows>();
  rows->last_sequence = last;
  std::ranges::move(attempts, std::back_inserter(rows->attempts));
  std::ranges::move(steps, std::back_inserter(rows->steps));
  return rows;
}

inline std::unique_ptr<HistoryStore> opened_history(const std::string& directory) {
  auto store = open_history_store(directory);
  EXPECT_TRUE(store) << store.error().message;
  return std::move(*store);
}

/// What a fresh connection reads.
inline HistoryPage page_of(const std::string& directory, const HistoryFilter& filter = {}) {
  auto reader = open_history_reader(directory);
  EXPECT_TRUE(reader) << reader.error().message;
  auto page = (*reader)->query(filter);
  EXPECT_TRUE(page) << page.error().message;
  return page ? *page : HistoryPage{};
}

inline std::vector<std::uint64_t> job_ids(const HistoryPage& page) {
  std::vector<std::uint64_t> ids;
  for (const AttemptRow& row : page.attempts) ids.push_back(row.job.value);
  return ids;
}

}  // namespace cox::ctld
