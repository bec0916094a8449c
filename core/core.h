// The decision core: asked -> happened -> to be done. See docs/ARCHITECTURE.md section 3.
// Nothing here reads a clock, a file, a socket or a random device.
#pragma once

#include <optional>
#include <vector>

#include "common/result.h"
#include "core/contact.h"
#include "core/effect.h"
#include "core/fact.h"
#include "core/request.h"
#include "core/state.h"

namespace cox::core {

using Facts = std::vector<Fact>;
using Effects = std::vector<Effect>;
using Errands = std::vector<Errand>;

/// What `request` makes happen. Changes nothing. error: a refusal, for the caller to read
Result<Facts> decide(const State& state,
                     const Contact& contact,
                     Instant now,
                     const Request& request);

/// Takes up what a request says about sessions, heartbeats and answers. Called before decide().
void observe(Contact& contact, const State& state, Instant now, const Request& request);
/// Drops answers that `fact` made irrelevant. Called after evolve().
void forget(Contact& contact, const State& state, const Fact& fact);

/// The only code that changes State. Live and at restart alike.
void evolve(State& state, const Fact& fact);

/// What `fact`, already evolved, asks to be done now. Only hurries: reconcile() is the truth.
Effects react(const State& state, const Contact& contact, const Fact& fact);

/// What a request deserves although decide() found no fact in it: a stale report is acknowledged or
/// its attempt closed, a lost answer repeated, a cancelled step ended. Only when facts were empty.
Effects answer(const State& state, const Contact& contact, const Request& request);

/// What `fact`, already evolved, makes the controller's own host do.
Errands errands_of(const State& state, const Fact& fact);
/// What it has to do still, whoever began it: after a restart all of it is done again.
Errands unfinished_errands(const State& state);
/// A node shall start anew and nothing keeps it from doing so: BeginReboots finds it.
bool has_reboot_due(const State& state, const Contact& contact);

/// The job that this very submit (same client key, same user) made before, as far as is known.
std::optional<JobId> submitted_before(const State& state, const SubmitJob& submit);

/// The step of `job` that this very client key asked for; null for an empty key or a new one.
const Step* step_created_before(const Job& job, const ClientKey& key);

/// Compares what a node says it holds with what it should hold. Run at every registration, after
/// the registration's own facts were evolved.
Effects reconcile(const State& state,
                  const Contact& contact,
                  NodeId node,
                  const std::vector<HeldAttempt>& held);

}  // namespace cox::core
