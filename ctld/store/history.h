// history.db: what became of every attempt, job and step, for people and their queries. A
// projection of the journal: rows are made from State as facts are learned, written after the
// facts last, by (job, attempt, step), so that writing twice changes nothing. Tables and views are
// a public interface: docs/history.md.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "model/array_spec.h"
#include "model/ids.h"
#include "model/outcome.h"
#include "model/time.h"

namespace cox::ctld {

/// One attempt that ended: its job's end (`is_last`), a requeue, or a start that was undone. A job
/// that ended while it waited has a row for the start that never came: attempt 0, or the last + 1.
/// Of an array: a row of kind `elements` for each time that some were cancelled before they were
/// jobs, and one of kind `array`, which is not the last of anything, when all have ended.
struct AttemptRow {
  JobId job;
  Attempt attempt;
  std::uint64_t sequence = 0;  // of the fact that ended it
  bool is_last = false;
  JobId array;                         // of an element, and of an array's own rows; 0: neither
  std::optional<std::uint32_t> index;  // of an element
  std::string elements;                // that an array's own row stands for: "5-99,110"
  Uid uid = 0;
  std::uint32_t gid = 0;
  std::string user, group, account, qos;
  std::string name, partition, kind, comment;
  std::string command, directory, submit_host;  // the command is cut at 1 KiB
  std::string script_hash;                      // hexadecimal; empty without a script
  Instant submitted, eligible, started, ended;
  Duration time_limit;
  std::string state, failure;
  std::optional<Uid> ended_by;  // who cancelled or requeued it
  std::int32_t exit_code = 0, signal = 0;
  std::string reason;
  std::uint32_t requeues = 0;  // attempts before this one that ran
  Duration stood;              // of the time between start and end: its tasks stood still
  std::uint32_t asked_nodes_min = 0, asked_nodes_max = 0, asked_tasks = 0, asked_cpus = 0;
  std::int64_t asked_memory_mib = -1;          // per node; -1: not given, 0: the whole node
  std::int64_t asked_memory_per_cpu_mib = -1;  // -1: not given
  std::string asked_devices;                   // "gpu:a100:2", per node
  bool exclusive = false;
  std::uint32_t nodes = 0, tasks = 0, cpus = 0;
  std::int64_t memory_mib = 0;   // given on the node that gave most
  std::string devices;           // "gpu:4", over all nodes
  std::string node_list, cores;  // "n[1-2]:0-3;n3:0"
  Usage usage;
  std::string output_path, error_path;
  std::map<std::string, std::string> labels;
  Instant begin;                  // not before; unset: not given
  std::string dependency;         // as people write it
  Instant deadline;               // unset: not given
  std::int32_t early_signal = 0;  // 0: none
  Duration early_signal_before;
  bool early_signal_batch = false;
  std::uint32_t retry_times = 0;
  std::string retry_codes;  // "75,100-110"; empty: every code but 0
  std::int32_t nice = 0;
  std::int32_t requeue =
      -1;              // -1: a row of before version 4 of the schema, which had none of these
  std::string counts;  // of a whole array: "90 COMPLETED, 10 FAILED"; empty before version 5

  AttemptKey key() const { return {job, attempt}; }

  friend bool operator==(const AttemptRow&, const AttemptRow&) = default;
};

struct StepRow {
  JobId job;
  Attempt attempt;
  StepId step;
  std::uint64_t sequence = 0;
  Uid uid = 0;
  std::string user, name, command;
  Instant started, ended;
  std::string state, failure;
  std::int32_t exit_code = 0, signal = 0;
  std::uint32_t tasks_failed = 0;
  std::string reason;
  std::uint32_t asked_nodes = 0, asked_tasks = 0, asked_cpus_per_task = 0;  // 0: not given
  std::uint32_t nodes = 0, tasks = 0;
  std::string node_list;
  Usage usage;

  StepKey key() const { return {job, attempt, step}; }

  friend bool operator==(const StepRow&, const StepRow&) = default;
};

/// Rows of facts that last, in order.
struct HistoryRows {
  std::uint64_t last_sequence = 0;  // no row up to here is missing
  // A row is more than a kilobyte: it stays where it was made, also when it is handed on.
  std::list<AttemptRow> attempts;
  std::list<StepRow> steps;

  std::size_t size() const { return attempts.size() + steps.size(); }
};

/// Where the next page begins: behind this attempt, in the order newest end first.
struct HistoryCursor {
  Instant ended;
  JobId job;
  Attempt attempt;
  friend auto operator<=>(const HistoryCursor&, const HistoryCursor&) = default;
};

/// Everything given must hold. Empty or unset: any.
struct HistoryFilter {
  std::vector<JobId> jobs{};
  std::vector<JobId> arrays{};                          // or elements of these
  std::vector<std::pair<JobId, ArraySpec>> elements{};  // or some elements of these
  std::string user{}, account{}, partition{};           // each any of those joined by ','
  std::vector<std::string> states{};
  std::vector<std::pair<std::string, std::optional<std::string>>> labels{};  // any value, or this
  Instant since{}, until{};  // of the end: since <= ended < until
  bool all_attempts = false;
  bool no_arrays = false;    // with all attempts, but not the end of a whole array, which is none
  bool with_arrays = false;  // the end of a whole array too
  bool with_steps = false;
  std::size_t limit = 1000;
  std::optional<HistoryCursor> after{};
  std::vector<AttemptKey> steps_of{};      // steps of these as well, whatever the rest says
  std::vector<std::uint32_t> groups_of{};  // names of these groups as well, by gid
};

struct HistoryPage {
  std::vector<AttemptRow> attempts;               // newest end first
  std::vector<StepRow> steps;                     // by key
  std::map<std::uint32_t, std::string> groups{};  // names that were asked for
  bool has_more = false;
};

bool matches(const HistoryFilter& filter, const AttemptRow& row);

/// The writer. Used by one thread at a time.
class HistoryStore {
 public:
  virtual ~HistoryStore() = default;
  /// Writes all of `rows` in one transaction; what was written before is replaced. They last, and
  /// sequence() is the last of them, when this returns.
  /// error: storage_full, refused (locked by another), internal; nothing was written
  virtual Result<void> append(const std::vector<std::shared_ptr<const HistoryRows>>& rows) = 0;
  /// Facts up to here need not be read again; 0 for a new file.
  virtual std::uint64_t sequence() const = 0;
};

/// A reader with a connection of its own.
class HistoryReader {
 public:
  virtual ~HistoryReader() = default;
  /// error: timed_out when the query looks at too much, with the mend
  virtual Result<HistoryPage> query(const HistoryFilter& filter) = 0;
};

struct HistoryOptions {
  std::uint64_t pages_max = 0;  // 0: no limit. A quota, which tests use for a full disk
  std::string vfs{};            // of SQLite; tests put a faulty disk below
  /// Name of a group; may block. Empty: names stay empty
  std::function<std::string(std::uint32_t gid)> group_name = nullptr;
};

/// Opens or makes DIR/history.db. error: refused for a newer schema, internal names the file
Result<std::unique_ptr<HistoryStore>> open_history_store(const std::string& directory,
                                                         const HistoryOptions& options = {});
/// error: not_found when there is no DIR/history.db
Result<std::unique_ptr<HistoryReader>> open_history_reader(const std::string& directory);

}  // namespace cox::ctld
