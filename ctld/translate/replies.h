// State as people see it: the views that answer list, wait and explain requests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/contact.h"
#include "core/schedule/contrast.h"
#include "core/schedule/place_terms.h"
#include "core/schedule/plan.h"
#include "core/schedule/suggest.h"
#include "core/state.h"
#include "ctld/tally.h"
#include "model/time.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// How much of a job is told: what a usual table shows, what every list has, or also the request,
/// the steps, the shares of nodes and where the output goes.
enum class Detail : std::uint8_t { brief, usual, full };

void put_job(const core::State& state,
             const core::Plan& plan,
             const core::Job& job,
             Detail detail,
             wire::JobView* to);

/// How the tasks of the steps of a full view are bound.
void put_bindings(const core::State& state, const core::Job& job, wire::JobView* to);

/// Without what it waits for.
void put_step(const core::State& state, const core::Step& step, wire::StepView* to);

/// Its place in each of its partitions, while it waits.
void put_priorities(const core::Job& job, core::PlaceTerms& places, wire::JobView* to);

/// Elements of `array` that have no job of their own: they wait, or were cancelled before they had.
void put_elements(const core::State& state,
                  const core::Plan& plan,
                  const core::Job& array,
                  const ArraySpec& elements,
                  bool is_cancelled,
                  Detail detail,
                  wire::JobView* to);

void put_node(const core::State& state,
              const core::Contact& contact,
              Instant now,
              const core::Node& node,
              wire::NodeView* to);

void put_partition(const core::State& state,
                   const PartitionSettings& partition,
                   wire::PartitionView* to);

/// The tree of accounts, parents first.
void put_shares(const core::State& state, core::Policies policies, wire::ShareList* to);
void put_licenses(const core::State& state, wire::LicenseList* to);

/// `measured`: null where nothing is.
void put_tally(const JobTally& jobs, const Measured* measured, wire::StatusReply* to);

void put_verdict(const core::Verdict& verdict, wire::Explanation* to);
void put_verdict(const core::Job& job, const core::Verdict& verdict, wire::Explanation* to);
void put_contrast(const std::string& other, const core::Contrast& contrast, wire::Contrast* to);
void put_suggestions(const std::vector<core::Suggestion>& suggestions, wire::Explanation* to);

/// Where a batch job's output goes; with `error`, where its error output goes. Empty for a job
/// without a file of its own.
std::string output_path(const core::State& state, const core::Job& job, bool error);

/// The word for a step that ended like this.
std::string_view ended_step_state(const StepResult& result);

/// What is, or has become, of the elements of an array: "90 PENDING, 2 RUNNING, 8 COMPLETED".
std::string element_counts(const core::State& state, const core::Job& array);

/// Names of the job's nodes as one compact list.
std::string job_nodes(const core::State& state, const core::Job& job);

}  // namespace cox::ctld
