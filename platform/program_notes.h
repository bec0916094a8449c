// Which programs a daemon runs, noted on disk, so that the next one ends what a killed one left of
// them: a program that is begun again must not meet its older self.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "common/result.h"

namespace cox::platform {

class ProgramNotes {
 public:
  /// `directory`: of this daemon alone, who holds a lock elsewhere; made when first needed.
  explicit ProgramNotes(std::string directory) : directory_(std::move(directory)) {}

  /// Notes a run that is about to begin; its name.
  Result<std::string> begin(std::uint64_t number) const;
  /// NAME=VALUE by which its processes are known, also before started().
  std::string marker(const std::string& name) const;
  /// Its first process. An empty name is nobody's.
  void started(const std::string& name, pid_t pid) const;
  void end(const std::string& name) const;

  struct Left {
    std::uint32_t ended = 0;      // programs of which processes were found
    std::uint32_t survivors = 0;  // processes that SIGKILL does not end
  };

  /// Kills every process of what is noted, whatever group or session it went to, and waits until
  /// they are gone, for at most some seconds. Notes of survivors stay.
  Left end_left() const;

 private:
  std::string directory_;
};

}  // namespace cox::platform
