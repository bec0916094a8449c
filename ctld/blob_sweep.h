// Content that nobody refers to and nobody deletes: a crash came between the fact that took the
// last reference and the deletion. Each controller looks for it once, a slice a second.
#pragma once

#include <vector>

#include "ctld/machine.h"
#include "ctld/outside.h"

namespace cox::ctld {

class BlobSweep {
 public:
  BlobSweep(Machine& machine, Journal& journal) : machine_(machine), journal_(journal) {}

  /// Within a turn: looks at the next slice, unless there is none left or one is on its way.
  void tick();

 private:
  void take(const Result<std::vector<Hash>>& hashes);

  Machine& machine_;
  Journal& journal_;
  Hash after_;
  bool is_asked_ = false;
  bool is_done_ = false;
};

}  // namespace cox::ctld
