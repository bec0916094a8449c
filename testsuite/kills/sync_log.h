// Output commit seen from outside: what sync_probe.c wrote down, and whether each reply left only
// after a sync of what it promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "testsuite/kills/sync_events.h"

namespace cox::kills {

/// Judges events one after the other, over any number of processes that shared the journal.
class SyncJudge {
 public:
  void take(const probe_event& event);
  /// So many more events were not written down.
  void lost(std::uint64_t events);

  /// Journal syncs that succeeded.
  std::uint64_t syncs() const { return syncs_; }

  /// Replies to submits, those answered again under one key included.
  std::uint64_t replies() const { return replies_; }

  /// Of these, the first answer to a job that was on disk when its request arrived once more: the
  /// answer before was lost.
  std::uint64_t answered_late() const { return answered_late_; }

  /// Messages that name a job: launches, answers to reads.
  std::uint64_t named() const { return named_; }

  /// Of both, those before the sync of what they say.
  std::uint64_t early() const { return early_; }

  std::uint64_t processes() const { return processes_; }

  /// One line each, the first few; an id that was given to two submits is one too.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void reply(int fd, std::uint64_t job);
  void complain(const std::string& text);

  std::map<int, std::uint64_t> asked_;            // by descriptor: the request not yet answered
  std::map<std::uint64_t, std::uint64_t> given_;  // marker by job
  std::set<std::uint64_t> dirty_,
      in_sync_;  // markers written, and those a sync now under way takes
  std::set<std::uint64_t> synced_, replied_;
  std::map<int, bool> was_synced_;  // by descriptor: when its request arrived
  std::uint64_t syncs_ = 0, replies_ = 0, answered_late_ = 0, named_ = 0, early_ = 0,
                processes_ = 0;
  std::vector<std::string> complaints_;
};

/// The file that the probe fills, also of processes that were killed.
class SyncLog {
 public:
  /// A new file; `room`: events that it takes, 16 bytes each where they were used.
  SyncLog(std::string path, std::size_t room);
  ~SyncLog();
  SyncLog(const SyncLog&) = delete;
  SyncLog& operator=(const SyncLog&) = delete;

  bool is_open() const { return log_ != nullptr; }

  /// For a controller's environment. `plant`: a fault, or empty; see sync_probe.c
  std::vector<std::string> environment(const std::string& plant = {}) const;
  /// Everything so far. Events that found no room are a complaint.
  SyncJudge judge() const;

 private:
  std::string path_;
  probe_log* log_ = nullptr;
  std::size_t bytes_ = 0;
};

/// The name that makes a job known to the probe. `marker`: below PROBE_MARKERS_MAX
std::string marked_name(std::uint64_t marker);

}  // namespace cox::kills
