// history.db at size: rows written per second, bytes per job, and how long the common questions
// take. No cluster is needed.
// usage: bench-history DIR [ROWS]     DIR: an empty directory on the disk to be measured
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "bench/measure.h"
#include "ctld/store/history.h"

namespace cox::bench {
namespace {

using ctld::AttemptRow;
using ctld::HistoryFilter;
using ctld::HistoryRows;
using ctld::StepRow;

constexpr std::uint64_t users = 200;
constexpr Instant first_end{1'704'067'200'000'000};

/// A job of one step, as a busy cluster has them: names differ, one in twenty failed.
AttemptRow make_attempt(std::uint64_t job) {
  const std::string number = std::to_string(job);
  AttemptRow row;
  row.job = JobId(job);
  row.attempt = Attempt(1);
  row.sequence = job * 7;
  row.is_last = true;
  row.uid = static_cast<Uid>(1000 + job % users);
  row.gid = 100;
  row.user = "user" + std::to_string(job % users);
  row.group = "users";
  row.account = "account" + std::to_string(job % 20);
  row.qos = "normal";
  row.name = "case-" + number;
  row.partition = "batch";
  row.kind = "batch";
  row.directory = "/home/" + row.user + "/run-" + number;
  row.submit_host = "login1";
  row.script_hash = std::string(64, static_cast<char>('a' + job % 6));
  row.ended = first_end + seconds(static_cast<std::int64_t>(job));
  row.started = row.ended - minutes(10);
  row.submitted = row.eligible = row.started - minutes(1);
  row.time_limit = minutes(60);
  const bool has_failed = job % 20 == 0;
  row.state = has_failed ? "FAILED" : "COMPLETED";
  row.failure = has_failed ? "program" : "none";
  row.exit_code = has_failed ? 1 : 0;
  row.asked_nodes_min = row.asked_nodes_max = row.nodes = 2;
  row.asked_tasks = row.asked_cpus = row.tasks = row.cpus = 32;
  row.memory_mib = 65'536;
  row.node_list = "n[" + std::to_string(job % 999) + "-" + std::to_string(job % 999 + 1) + "]";
  row.cores = row.node_list + ":0-15";
  row.usage = Usage{9'000'000'000, 100'000'000, 30'000'000'000};
  row.output_path = row.error_path = row.directory + "/cox-" + number + ".out";
  if (job % 10 == 0) row.labels = {{"app", "cfd"}};
  return row;
}

StepRow make_step(const AttemptRow& job) {
  StepRow row;
  row.job = job.job;
  row.attempt = job.attempt;
  row.step = step_batch;
  row.sequence = job.sequence;
  row.uid = job.uid;
  row.user = job.user;
  row.name = "batch";
  row.started = job.started;
  row.ended = job.ended;
  row.state = job.state;
  row.failure = job.failure;
  row.nodes = row.tasks = 1;
  row.node_list = job.node_list;
  row.usage = job.usage;
  return row;
}

std::shared_ptr<const HistoryRows> make_rows(std::uint64_t from, std::uint64_t count) {
  auto rows = std::make_shared<HistoryRows>();
  for (std::uint64_t job = from; job < from + count; ++job) {
    rows->attempts.push_back(make_attempt(job));
    rows->steps.push_back(make_step(rows->attempts.back()));
  }
  rows->last_sequence = rows->attempts.back().sequence;
  return rows;
}

void write_rows(const std::string& dir, std::uint64_t jobs) {
  constexpr std::uint64_t per_write = 10'000;
  auto store = ctld::open_history_store(dir);
  if (!store) give_up(store.error().message);
  double spent_ms = 0;
  for (std::uint64_t job = 1; job <= jobs; job += per_write) {
    const auto rows = make_rows(job, std::min(per_write, jobs - job + 1));
    const double begin = monotonic_ms();
    if (const auto done = (*store)->append({rows}); !done) give_up(done.error().message);
    spent_ms += monotonic_ms() - begin;
  }
  std::printf("write: %.0f jobs/s, each with a step\n",
              static_cast<double>(jobs) / spent_ms * 1000);
  store->reset();
  const auto bytes = std::filesystem::file_size(dir + "/history.db");
  std::printf("size: %.0f bytes per job, its step and the indices included\n",
              static_cast<double>(bytes) / static_cast<double>(jobs));
}

void time_query(ctld::HistoryReader& reader,
                const std::string& name,
                const std::function<HistoryFilter(std::uint64_t)>& filter) {
  std::vector<double> samples;
  std::size_t rows = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const HistoryFilter asked = filter(i);
    const double begin = monotonic_ms();
    const auto page = reader.query(asked);
    samples.push_back(monotonic_ms() - begin);
    if (!page) give_up(page.error().message);
    rows = page->attempts.size();
  }
  print_times(name + " (" + std::to_string(rows) + " rows)", samples);
}

void read_rows(const std::string& dir, std::uint64_t jobs) {
  auto reader = ctld::open_history_reader(dir);
  if (!reader) give_up(reader.error().message);
  const auto scattered = [jobs](std::uint64_t i) { return 1 + i * 7919 * 131 % jobs; };
  const auto user = [&](std::uint64_t i) { return "user" + std::to_string(scattered(i) % users); };
  time_query(**reader, "one job with its steps", [&](std::uint64_t i) {
    return HistoryFilter{.jobs = {JobId(scattered(i))}, .with_steps = true};
  });
  time_query(**reader, "a user's last 100",
             [&](std::uint64_t i) { return HistoryFilter{.user = user(i), .limit = 100}; });
  time_query(**reader, "the last 100", [](std::uint64_t) { return HistoryFilter{.limit = 100}; });
  time_query(**reader, "the last 100 that failed",
             [](std::uint64_t) { return HistoryFilter{.states = {"FAILED"}, .limit = 100}; });
  time_query(**reader, "an account's last 100",
             [](std::uint64_t) { return HistoryFilter{.account = "account7", .limit = 100}; });
  time_query(**reader, "a label's last 100", [](std::uint64_t) {
    return HistoryFilter{.labels = {{"app", "cfd"}}, .limit = 100};
  });
  time_query(**reader, "a user's jobs of one day", [&](std::uint64_t i) {
    const Instant day = first_end + seconds(static_cast<std::int64_t>(scattered(i)));
    return HistoryFilter{.user = user(i), .since = day, .until = day + minutes(24 * 60)};
  });
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  if (argc < 2) give_up("usage: bench-history DIR [ROWS]");
  const std::uint64_t jobs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  if (jobs == 0) give_up("ROWS must be at least 1");
  print_calibration();
  write_rows(argv[1], jobs);
  read_rows(argv[1], jobs);
  return 0;
}
