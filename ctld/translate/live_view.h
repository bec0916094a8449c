// A running cluster as a simulator takes it over.
#pragma once

#include "core/contact.h"
#include "core/schedule/plan.h"
#include "core/state.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// All but the jobs. A node class stands once, however many nodes have it.
void put_live_head(const core::State& state,
                   const core::Contact& contact,
                   Instant now,
                   wire::LiveCluster* to);
/// `job` has not ended.
void put_live_job(const core::State& state,
                  const core::Plan& plan,
                  const core::Job& job,
                  wire::LiveJob* to);

}  // namespace cox::ctld
