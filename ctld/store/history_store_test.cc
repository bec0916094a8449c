// history.db: what is written is read, twice the same is once, and outsiders find what
// docs/history.md promises.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "ctld/store/history_columns.h"
#include "ctld/store/history_schema.h"
#include "ctld/store/history_testing.h"
#include "platform/scratch_dir.h"

namespace cox::ctld {
namespace {

/// Plain SQL over a connection of one's own, as an outsider would: rows as "a|b|c" lines.
std::string sql(const std::string& directory, const std::string& query) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2((directory + "/history.db").c_str(), &database, SQLITE_OPEN_READONLY,
                            nullptr),
            SQLITE_OK);
  std::string text;
  const auto add = [](void* to, int count, char** values, char**) {
    auto& out = *static_cast<std::string*>(to);
    for (int i = 0; i < count; ++i) {
      out += (i == 0 ? "" : "|") + std::string(values[i] == nullptr ? "NULL" : values[i]);
    }
    out += '\n';
    return 0;
  };
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, query.c_str(), add, &text, &error), SQLITE_OK) << error;
  sqlite3_free(error);
  sqlite3_close(database);
  return text;
}

void change(const std::string& directory, const std::string& statements) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open((directory + "/history.db").c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

AttemptRow rich_row() {
  AttemptRow row = ended_job(7, 20, 3);
  row.is_last = false;
  row.array = JobId(0x1'0000'0005);
  row.index = 3'999'999;
  row.uid = 4'294'967'294U;
  row.account = "physics";
  row.qos = "normal";
  row.comment = "caf\xe9";  // need not be UTF-8
  row.command = "./wave --fast";
  row.directory = "/home/ada";
  row.submit_host = "login1";
  row.script_hash = "00ff";
  row.state = "REQUEUED";
  row.failure = "node";
  row.ended_by = 0;
  row.exit_code = -1;
  row.signal = 9;
  row.reason = "node n1: silent";
  row.requeues = 2;
  row.stood = seconds(7);
  row.asked_memory_mib = 0;
  row.asked_memory_per_cpu_mib = 64;
  row.asked_devices = "gpu:a100:2";
  row.exclusive = true;
  row.devices = "gpu:a100:4";
  row.output_path = "/home/ada/o";
  row.error_path = "/home/ada/e";
  row.labels = {{"app", "cfd"}, {"team", ""}};
  return row;
}

TEST(HistoryStore, every_column_is_read_as_it_was_written) {
  const platform::ScratchDir dir;
  const AttemptRow row = rich_row();
  StepRow step = ended_step(row, step_batch);
  step.tasks_failed = 3;
  step.reason = "why";
  step.command = "a b";
  step.asked_nodes = step.asked_tasks = step.asked_cpus_per_task = 4;
  ASSERT_TRUE(opened_history(dir.path())->append({rows_of(9, {row}, {step})}));
  const HistoryPage page = page_of(dir.path(), {.all_attempts = true, .with_steps = true});
  ASSERT_EQ(page.attempts.size(), 1U);
  EXPECT_EQ(page.attempts[0], row);
  ASSERT_EQ(page.steps.size(), 1U);
  EXPECT_EQ(page.steps[0], step);
}

TEST(HistoryStore, writing_the_same_rows_again_changes_nothing) {
  const platform::ScratchDir dir;
  auto store = opened_history(dir.path());
  const AttemptRow row = rich_row();
  const auto rows = rows_of(9, {row, ended_job(8, 21)}, {ended_step(row, StepId(0))});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store->append({rows}));
    EXPECT_EQ(sql(dir.path(),
                  "SELECT (SELECT count(*) FROM attempts), (SELECT count(*) FROM steps),"
                  " (SELECT count(*) FROM label), (SELECT count(*) FROM jobs)"),
              "2|1|2|1\n");
  }
  EXPECT_EQ(page_of(dir.path(), {.jobs = {JobId(7)}, .all_attempts = true}).attempts[0], row);
}

TEST(HistoryStore, the_sequence_stays_with_the_rows) {
  const platform::ScratchDir dir;
  EXPECT_EQ(opened_history(dir.path())->sequence(), 0U);
  ASSERT_TRUE(
      opened_history(dir.path())
          ->append({rows_of(5, {ended_job(1, 1)}), rows_of(5'000'000'000, {ended_job(2, 2)})}));
  EXPECT_EQ(opened_history(dir.path())->sequence(), 5'000'000'000U);
  EXPECT_EQ(sql(dir.path(), "SELECT version, sequence FROM schema; PRAGMA user_version"),
            "5|5000000000\n5\n");
}

TEST(Trap20, history_keeps_ids_beyond_32_bits) {
  const platform::ScratchDir dir;
  const AttemptRow row = ended_job(0x1'0000'0001, 1);
  ASSERT_TRUE(
      opened_history(dir.path())->append({rows_of(1, {row}, {ended_step(row, step_batch)})}));
  EXPECT_EQ(sql(dir.path(), "SELECT job FROM jobs; SELECT job, step, step_name FROM steps"),
            "4294967297\n4294967297|4294967280|batch\n");
  EXPECT_EQ(job_ids(page_of(dir.path(), {.jobs = {JobId(0x1'0000'0001)}})),
            (std::vector<std::uint64_t>{0x1'0000'0001}));
  EXPECT_TRUE(page_of(dir.path(), {.jobs = {JobId(1)}}).attempts.empty());
}

TEST(HistoryStore, an_outsider_reads_the_views_by_plain_sql) {
  const platform::ScratchDir dir;
  auto store = opened_history(dir.path());
  AttemptRow waited = ended_job(2, 30, 0);
  waited.started = Instant{};
  waited.state = "CANCELLED";
  waited.failure = "cancelled";
  waited.ended_by = 1000;
  ASSERT_TRUE(store->append({rows_of(9, {ended_job(1, 20), waited, rich_row()})}));
  // While the writer has it open.
  EXPECT_EQ(sql(dir.path(),
                "SELECT job, user, \"group\", state, exit_code, signal, elapsed_us,"
                " submitted, started, ended, ended_us, cpu_efficiency,"
                " memory_efficiency, time_limit_us, asked_memory_mib"
                " FROM jobs ORDER BY job"),
            "1|ada|users|COMPLETED|0|0|10000000|2024-01-01T00:00:09.000000Z|"
            "2024-01-01T00:00:10.000000Z|2024-01-01T00:00:20.000000Z|1704067220000000|0.3|0.5|"
            "60000000|NULL\n"
            "2|ada|users|CANCELLED|0|0|0|2024-01-01T00:00:19.000000Z|NULL|"
            "2024-01-01T00:00:30.000000Z|1704067230000000|NULL|0.5|60000000|NULL\n");
  EXPECT_EQ(sql(dir.path(),
                "SELECT job, attempt, is_last, failure, ended_by, labels FROM attempts"
                " WHERE job = 7"),
            "7|3|0|node|0|{\"app\":\"cfd\",\"team\":\"\"}\n");
}

TEST(HistoryStore, a_group_is_named_by_the_system_where_the_row_has_none) {
  const platform::ScratchDir dir;
  HistoryOptions options;
  options.group_name = [](std::uint32_t gid) { return "group" + std::to_string(gid); };
  auto store = open_history_store(dir.path(), options);
  ASSERT_TRUE(store);
  AttemptRow row = ended_job(1, 1);
  row.group.clear();
  ASSERT_TRUE((*store)->append({rows_of(1, {row})}));
  EXPECT_EQ(sql(dir.path(), "SELECT \"group\" FROM jobs"), "group100\n");
}

TEST(HistoryStore, the_schema_is_that_of_the_golden_file) {
  const platform::ScratchDir dir;
  opened_history(dir.path());
  const std::string found = sql(dir.path(), "SELECT sql || ';' FROM sqlite_schema ORDER BY rowid");
  const std::string path = COX_SOURCE_DIR "/testsuite/golden/history/schema-5.sql";
  if (std::getenv("COX_WRITE_GOLDEN") != nullptr && !std::ifstream(path)) {
    std::ofstream(path) << found;
  }
  std::stringstream wanted;
  wanted << std::ifstream(path).rdbuf();
  EXPECT_EQ(found, wanted.str()) << "a change of the schema is a new version with its own file";
}

TEST(HistoryStore, elements_are_found_by_their_array_and_index) {
  const platform::ScratchDir dir;
  AttemptRow first = ended_job(11, 1), second = ended_job(12, 2), third = ended_job(13, 3);
  first.array = second.array = third.array = JobId(10);
  first.index = 0;
  second.index = 4;
  third.index = 5;
  AttemptRow cancelled = ended_job(10, 4, 0), whole = ended_job(10, 5, 1);
  cancelled.array = whole.array = JobId(10);
  cancelled.kind = "elements";
  cancelled.elements = "6-99";
  whole.kind = "array";
  whole.is_last = false;
  whole.counts = "3 COMPLETED, 94 CANCELLED";
  const AttemptRow other = ended_job(20, 6);
  ASSERT_TRUE(opened_history(dir.path())
                  ->append({rows_of(9, {first, second, third, cancelled, whole, other})}));
  const auto ids = [&](const char* elements) {
    return job_ids(page_of(dir.path(), {.elements = {{JobId(10), parse_array(elements).value()}}}));
  };
  using Ids = std::vector<std::uint64_t>;
  EXPECT_EQ(ids("0-4:4"), (Ids{12, 11}));
  EXPECT_EQ(ids("5-6"), (Ids{10, 13}));
  EXPECT_EQ(ids("1-3"), Ids{});
  EXPECT_EQ(job_ids(page_of(dir.path(), {.jobs = {JobId(10)}, .with_arrays = true})),
            (Ids{10, 10}));
  EXPECT_EQ(job_ids(page_of(dir.path(), {.arrays = {JobId(10)}})), (Ids{10, 13, 12, 11}));
  EXPECT_EQ(sql(dir.path(), "SELECT COUNT(*) FROM jobs; SELECT COUNT(*) FROM attempts"), "5\n6\n");
  EXPECT_EQ(job_ids(page_of(dir.path(),
                            {.arrays = {JobId(10)}, .all_attempts = true, .no_arrays = true})),
            (Ids{10, 13, 12, 11}))
      << "the end of the whole is no attempt";
  EXPECT_EQ(sql(dir.path(), "SELECT counts FROM attempts WHERE kind = 'array'"),
            "3 COMPLETED, 94 CANCELLED\n");
}

TEST(HistoryStore, names_in_a_list_are_any_of_them) {
  const platform::ScratchDir dir;
  AttemptRow first = ended_job(1, 1), second = ended_job(2, 2), third = ended_job(3, 3);
  second.user = "bob";
  third.user = "eve";
  first.account = "astro";
  second.account = "physics";
  second.partition = "batch,debug";
  third.partition = "debugging";
  ASSERT_TRUE(opened_history(dir.path())->append({rows_of(3, {first, second, third})}));
  using Ids = std::vector<std::uint64_t>;
  const auto ids = [&](const HistoryFilter& filter) {
    Ids matching;
    for (const AttemptRow& row : {third, second, first}) {
      if (matches(filter, row)) matching.push_back(row.job.value);
    }
    const Ids read = job_ids(page_of(dir.path(), filter));
    EXPECT_EQ(read, matching) << "rows in memory are chosen as those in the file";
    return read;
  };
  EXPECT_EQ(ids({.user = "ada,eve"}), (Ids{3, 1}));
  EXPECT_EQ(ids({.user = "bob"}), (Ids{2}));
  EXPECT_EQ(ids({.account = "physics,astro"}), (Ids{2, 1}));
  EXPECT_EQ(ids({.account = "chemistry,"}), Ids{});
  EXPECT_EQ(ids({.partition = "debug,debugging"}), (Ids{3, 2}));
  EXPECT_EQ(ids({.partition = "debug"}), (Ids{2}));
}

TEST(HistoryStore, what_a_job_waited_for_comes_back) {
  const platform::ScratchDir dir;
  AttemptRow row = ended_job(1, 1);
  row.begin = Instant{5};
  row.deadline = Instant{6};
  row.dependency = "afterok:7";
  row.early_signal = 10;
  row.early_signal_before = seconds(60);
  row.early_signal_batch = true;
  row.retry_times = 3;
  row.retry_codes = "75,100-110";
  row.nice = -5;
  row.requeue = 0;
  ASSERT_TRUE(opened_history(dir.path())->append({rows_of(1, {row})}));
  EXPECT_EQ(page_of(dir.path()).attempts.at(0), row);
  EXPECT_EQ(sql(dir.path(),
                "SELECT begin_us, dependency, deadline_us, early_signal, early_signal_before_us,"
                " early_signal_batch, retry_times, retry_codes, nice, requeue FROM jobs"),
            "5|afterok:7|6|10|60000000|1|3|75,100-110|-5|0\n");
}

/// Rows as version 1 wrote them stay, and get the columns that came since.
TEST(HistoryStore, a_file_of_version_1_is_brought_up_to_date) {
  const platform::ScratchDir dir;
  change(dir.path(), history_schema_1);
  {
    const AttemptRow row = ended_job(7, 1);
    AttemptRow copy = row;
    std::string names, values;
    for_each_attempt_column(copy, [&](const char* name, const auto&) {
      const std::string_view since[] = {"array",
                                        "array_index",
                                        "elements",
                                        "stood_us",
                                        "begin_us",
                                        "dependency",
                                        "deadline_us",
                                        "early_signal",
                                        "retry_times",
                                        "early_signal_before_us",
                                        "early_signal_batch",
                                        "retry_codes",
                                        "nice",
                                        "requeue",
                                        "counts"};
      if (std::ranges::count(since, std::string_view(name)) != 0) return;
      names += (names.empty() ? "" : ",") + std::string(name);
      values += values.empty() ? "7" : ",1";
    });
    change(dir.path(), "INSERT INTO attempt(" + names + ") VALUES(" + values + ")");
  }
  opened_history(dir.path());
  EXPECT_EQ(sql(dir.path(),
                "SELECT job, array, array_index, elements, counts, requeue, dependency FROM jobs;"
                "SELECT version FROM schema"),
            "7|NULL|NULL|NULL|NULL|NULL|NULL\n5\n");
  EXPECT_EQ(page_of(dir.path()).attempts.at(0).requeue, -1) << "nothing was kept of it";
}

TEST(HistoryStore, a_newer_schema_is_refused_with_the_mend) {
  const platform::ScratchDir dir;
  opened_history(dir.path());
  sqlite3* database = nullptr;
  sqlite3_open((dir.path() + "/history.db").c_str(), &database);
  sqlite3_exec(database, "PRAGMA user_version = 6", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  const auto store = open_history_store(dir.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::refused);
  EXPECT_NE(store.error().message.find("schema 6 is newer"), std::string::npos);
}

TEST(HistoryStore, on_a_full_disk_nothing_is_written_and_later_all) {
  const platform::ScratchDir dir;
  auto store = open_history_store(dir.path(), {.pages_max = 24});
  ASSERT_TRUE(store);
  std::vector<AttemptRow> many;
  for (std::uint64_t i = 1; i <= 900; ++i) many.push_back(ended_job(i, 1));
  const auto rows = rows_of(900, many);
  const auto full = (*store)->append({rows});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::storage_full) << full.error().message;
  EXPECT_EQ((*store)->sequence(), 0U);
  EXPECT_TRUE(page_of(dir.path()).attempts.empty());
  store->reset();
  auto roomy = opened_history(dir.path());
  ASSERT_TRUE(roomy->append({rows}));
  EXPECT_EQ(page_of(dir.path()).attempts.size(), 900U);
}

class HistoryFilters : public ::testing::Test {
 protected:
  HistoryFilters() {
    AttemptRow other = ended_job(2, 20);
    other.user = "bob";
    other.state = "FAILED";
    other.account = "physics";
    other.labels = {{"app", "cfd"}};
    AttemptRow wide = ended_job(3, 30);
    wide.partition = "batch,long";
    wide.labels = {{"app", "md"}, {"big", ""}};
    AttemptRow again = ended_job(4, 35);
    again.is_last = false;
    again.state = "REQUEUED";
    rows_ = {ended_job(1, 10), other, wide, again, ended_job(4, 40, 2)};
    EXPECT_TRUE(opened_history(dir_.path())->append({rows_of(5, rows_)}));
  }

  /// By SQL and by matches() alike.
  std::vector<std::uint64_t> found(const HistoryFilter& filter) {
    auto ids = job_ids(page_of(dir_.path(), filter));
    std::size_t matched = 0;
    for (const AttemptRow& row : rows_) matched += matches(filter, row) ? 1 : 0;
    EXPECT_EQ(std::min(matched, filter.limit), ids.size());
    return ids;
  }

  using Ids = std::vector<std::uint64_t>;
  platform::ScratchDir dir_;
  std::vector<AttemptRow> rows_;
};

TEST_F(HistoryFilters, nothing_asked_gives_every_job_newest_first) {
  EXPECT_EQ(found({}), (Ids{4, 3, 2, 1}));
  EXPECT_EQ(found({.all_attempts = true}), (Ids{4, 4, 3, 2, 1}));
}

TEST_F(HistoryFilters, each_filter_finds_its_own) {
  EXPECT_EQ(found({.jobs = {JobId(3), JobId(1), JobId(99)}}), (Ids{3, 1}));
  EXPECT_EQ(found({.user = "bob"}), (Ids{2}));
  EXPECT_EQ(found({.account = "physics"}), (Ids{2}));
  EXPECT_EQ(found({.partition = "long"}), (Ids{3}));
  EXPECT_EQ(found({.partition = "lon"}), (Ids{}));
  EXPECT_EQ(found({.states = {"FAILED"}}), (Ids{2}));
  EXPECT_EQ(found({.states = {"FAILED", "COMPLETED"}}), (Ids{4, 3, 2, 1}));
  EXPECT_EQ(found({.labels = {{"app", std::nullopt}}}), (Ids{3, 2}));
  EXPECT_EQ(found({.labels = {{"app", "md"}, {"big", std::nullopt}}}), (Ids{3}));
  EXPECT_EQ(found({.labels = {{"app", "md"}, {"big", "no"}}}), (Ids{}));
  EXPECT_EQ(found({.since = rows_[1].ended, .until = rows_[4].ended}), (Ids{3, 2}));
  EXPECT_EQ(found({.user = "ada", .states = {"COMPLETED"}, .since = rows_[2].ended}), (Ids{4, 3}));
}

TEST_F(HistoryFilters, pages_follow_each_other_without_gap_or_repeat) {
  HistoryFilter filter{.all_attempts = true, .limit = 2};
  Ids all;
  for (bool more = true; more;) {
    const HistoryPage page = page_of(dir_.path(), filter);
    ASSERT_FALSE(page.attempts.empty());
    for (const std::uint64_t id : job_ids(page)) all.push_back(id);
    const AttemptRow& last = page.attempts.back();
    filter.after = HistoryCursor{last.ended, last.job, last.attempt};
    more = page.has_more;
  }
  EXPECT_EQ(all, (Ids{4, 4, 3, 2, 1}));
}

TEST(HistoryReader, a_file_that_is_not_there_is_not_found) {
  const platform::ScratchDir dir;
  const auto reader = open_history_reader(dir.path());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Code::not_found);
}

}  // namespace
}  // namespace cox::ctld
