// Rebuilding State at a restart, whatever a disk or another version did to it: what cannot be
// understood is put aside with the later records of its job, and the rest goes on.
// docs/adr/0011-quarantine.md
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "core/core.h"
#include "ctld/machine.h"
#include "ctld/store/chunk_codec.h"
#include "ctld/store/store.h"

namespace cox::ctld {

class Replay {
 public:
  explicit Replay(Machine& machine) : machine_(machine) {}

  /// Rebuilds State from a checkpoint. error: internal when it cannot be understood at all
  Result<void> restore(CheckpointStore& checkpoint);
  /// The next record of the journal.
  void take(const FoundRecord& found);
  /// What was put aside, to be asked before anything else; empty when everything was understood.
  core::Quarantine result() const;

 private:
  struct Aside {
    std::uint64_t sequence = 0;
    std::string why;
    Attempt attempt;
    std::vector<std::string> records;
  };

  void take_damaged(const FoundRecord& found, const std::string& why);
  void take_fact(const FoundRecord& found, const core::Fact& fact);
  void take_forgotten(const FoundRecord& found, const core::JobsForgotten& fact);
  void note_aside(JobId job, const FoundRecord& found, const std::string& why);
  void put_aside(JobId job, const FoundRecord& found, const std::string& why);
  bool is_known(JobId job) const;
  /// Ids that were given out by records that could not be read.
  void find_unsubmitted(JobId end, const FoundRecord& found);

  Machine& machine_;
  std::map<JobId, Aside> aside_;
  std::vector<core::RecordLost> lost_;
};

}  // namespace cox::ctld
