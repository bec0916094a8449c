// Programs of the administrator that a daemon runs: prolog, epilog, health check. Each has a
// process group of its own and a time, and nothing waits for it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/time.h"
#include "platform/descriptor.h"
#include "platform/loop.h"
#include "platform/program_notes.h"

namespace cox::platform {

struct ProgramRun {
  std::string program;                   // an absolute path
  std::vector<std::string> environment;  // NAME=VALUE, beside PATH; the whole of it
  Duration timeout;
  bool dies_with_us = false;  // what a killed daemon leaves of it, the next one ends
};

struct ProgramEnd {
  bool is_good = false;     // it exited with 0
  std::string how;          // "exit status 3", "still ran after 1:00"
  std::string line;         // the first of its output, printable
  bool has_exited = false;  // by itself: it was not killed, and its time was not over

  /// "exit status 3: disk is full"
  std::string text() const { return how + (line.empty() ? "" : ": " + line); }
};

class Programs {
 public:
  /// `notes`: the directory for those that die with us. `ended`: whenever one has, before its
  /// `done`.
  Programs(Loop& loop, const std::string& notes, std::function<void()> ended = {})
      : loop_(loop), notes_(notes), ended_(std::move(ended)) {}

  /// At the daemon's start, before it runs any: ends what an earlier one was at when it was killed.
  ProgramNotes::Left end_left() { return notes_.end_left(); }

  /// Kills what still runs: a later daemon begins again.
  ~Programs();
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  using Done = std::function<void(const ProgramEnd&)>;
  /// `done` comes once; at once where the program cannot be started. The number names the run.
  std::uint64_t run(const ProgramRun& run, Done done);
  /// Kills it and its group; `done` says so. One that has ended, or never was, is no error.
  void kill(std::uint64_t run);

  bool is_running(pid_t pid) const { return running_.contains(pid); }

 private:
  struct One {
    std::uint64_t number = 0;
    pid_t pid = 0;
    Descriptor output;
    std::string said;
    TimerId timer = 0;
    Duration timeout;
    bool is_late = false;
    std::string note;  // empty: none
    Done done;
  };

  Result<std::unique_ptr<One>> start(const ProgramRun& run, std::uint64_t number);
  Result<std::string> note(std::uint64_t number, std::vector<std::string>* environment);
  void read_output(One& one);
  void ended(pid_t pid, const ChildExit& exit);

  Loop& loop_;
  ProgramNotes notes_;
  std::map<pid_t, std::unique_ptr<One>> running_;
  std::uint64_t last_ = 0;  // of the runs
  std::function<void()> ended_;
};

}  // namespace cox::platform
