// Where steps listened that have ended, for a client that did not hear of it in time: the
// controller was killed before it could say so. A root supervisor keeps its output for such a
// client a while.
#pragma once

#include <deque>
#include <string>

#include "core/core.h"
#include "model/ids.h"
#include "model/time.h"

namespace cox::ctld {

/// What a client has to know to attach, without the key.
struct StepAddress {
  std::string endpoint;
  std::uint32_t tasks = 0;
  std::string node_list;
};

/// Of a step that is released, as far as nodes have told. Empty endpoint: it is not known.
StepAddress find_address(const core::State& state,
                         const core::Contact& contact,
                         const StepKey& key);

class LateSteps {
 public:
  /// Of every fact, when State has it and Contact has not yet forgotten what it ends. Not of batch
  /// steps, to which nobody attaches, nor of those whose supervisor is gone.
  void learn(const core::State& state,
             const core::Contact& contact,
             const core::Fact& fact,
             Instant now);
  /// Null when it is not known, or ended too long ago.
  const StepAddress* find(const StepKey& key, Instant now) const;

 private:
  struct Late {
    StepKey key;
    StepAddress address;
    Instant ended;
  };

  std::deque<Late> ended_;  // oldest first
};

}  // namespace cox::ctld
