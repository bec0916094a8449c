// What an allocation tells on standard error: the words of `cox alloc`, or of Slurm's salloc.
#pragma once

#include <string>

#include "wire/client.pb.h"

namespace cox::cmds {

class AllocVoice {
 public:
  virtual ~AllocVoice() = default;

  /// The job as last heard of, before it has begun.
  virtual void waits(const wire::JobView& job) = 0;
  virtual void granted(const wire::JobView& job) = 0;
  /// It ended before its command did.
  virtual void revoked(const wire::JobView& job) = 0;
  /// Its command has ended.
  virtual void gives_back(const wire::JobView& job) = 0;
  virtual void error(const std::string& text) = 0;
};

}  // namespace cox::cmds
