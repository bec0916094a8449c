// The controller's own prolog and epilog: errands of the core become programs of this host, and
// what became of them the next request. Never waited for; a bounded number at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/core.h"
#include "ctld/machine.h"
#include "ctld/output_queue.h"
#include "ctld/outside.h"

namespace cox::ctld {

class ProgramDesk {
 public:
  /// `host`: null where none can be run; each then ends well at once.
  ProgramDesk(Machine& machine, OutputQueue& outputs, HostPrograms* host)
      : machine_(machine), outputs_(outputs), host_(host) {}

  /// Begins them once the facts that ask for them are on disk.
  void carry_out(const core::Errands& errands);

 private:
  struct Running {
    std::uint64_t run = 0;
    bool is_epilog = false;
  };

  void begin(const core::Errand& errand);
  void begin_waiting();
  void run(const core::Errand& errand);
  void end_prolog(AttemptKey key);
  void ended(AttemptKey key, const core::ReportProgram& report);

  Machine& machine_;
  OutputQueue& outputs_;
  HostPrograms* host_;
  std::map<AttemptKey, Running> running_;
  std::deque<core::Errand> waiting_;  // for room, or an epilog for the end of its prolog
};

/// The environment of a program for this attempt; the job may have ended.
std::vector<std::string> program_environment(const core::State& state,
                                             AttemptKey key,
                                             bool is_epilog);

}  // namespace cox::ctld
