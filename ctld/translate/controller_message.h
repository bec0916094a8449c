// Effects of the core as messages to nodes: everything a node needs to act, looked up in State, the
// scripts and environments, and what other nodes answered.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "core/contact.h"
#include "core/effect.h"
#include "core/state.h"
#include "ctld/store/store.h"
#include "model/time.h"
#include "wire/node.pb.h"

namespace cox::ctld {

/// 32 bytes that open the endpoints of one step: a keyed hash of the cluster's secret.
std::string step_key(const std::string& cluster_key, const StepKey& step);

/// The step that starts with the allocation: `batch`, or 0 where one was asked for.
StepId initial_step(const core::Job& job);
/// Where the supervisor of `step` on `node` listens; empty when it is not known.
std::string find_endpoint(const core::Contact& contact, const StepKey& step, NodeId node);

NodeId effect_node(const core::Effect& effect);
AttemptKey effect_attempt(const core::Effect& effect);

/// Contents that the message of `effect` carries: at most a script and an environment. None when
/// State went past the effect.
std::vector<Hash> contents_of(const core::State& state, const core::Effect& effect);

/// Null bytes: the store does not have it.
using Contents = std::vector<Blob>;

struct MessageSource {
  const core::State& state;
  const core::Contact& contact;
  const Contents& contents;  // what contents_of() named
  const std::string& cluster_key;
  Instant now;
};

/// Body of the message; epoch and session are the sender's.
/// error: not_found when State went past the effect (nothing need be sent);
///        internal when content is missing (the job cannot run)
Result<wire::ControllerMessage> translate_effect(const MessageSource& source,
                                                 const core::Effect& effect);

}  // namespace cox::ctld
