// See live_view.h.
#include "ctld/translate/live_view.h"

#include <map>
#include <utility>

#include "core/job/array.h"
#include "core/job/layout.h"
#include "core/job/lifecycle.h"
#include "ctld/translate/replies.h"
#include "model/node_state.h"
#include "wire/model_codec.h"

namespace cox::ctld {
namespace {

/// One that rests will soon be back; of one that is short of what the configuration expects the
/// simulated core decides, since another configuration may expect less.
bool takes_work(NodeState state) {
  return state >= NodeState::idle || state == NodeState::resting || state == NodeState::is_short;
}

void put_inventory(const core::Node& node, wire::NodeInventory* to) {
  NodeInventory inventory;
  inventory.name = node.name;
  inventory.boot_id = node.boot_id;
  inventory.address = node.address;
  inventory.memory_mib = node.memory_mib;
  inventory.pools = node.pools;
  inventory.is_thissystem = node.is_thissystem;
  inventory.containment = node.containment;
  inventory.version = node.version;
  inventory.shares_machine = node.shares_machine;
  wire::put(inventory, to);
  to->clear_node_class();
}

std::string why_away(const core::State& state,
                     const core::Contact& contact,
                     Instant now,
                     const core::Node& node) {
  wire::NodeView view;
  put_node(state, contact, now, node, &view);
  const auto seen = parse_node_state(view.state());
  if (seen && takes_work(*seen)) return {};
  return view.reason().empty() ? view.state() : view.state() + ": " + view.reason();
}

void put_usage(const core::UsageRecord& usage, wire::LiveCluster* to) {
  to->set_charged_at_us(usage.charged_at.us);
  for (const auto& [association, used] : usage.of) {
    wire::LiveUsage* one = to->add_usage();
    one->set_account(association.account);
    one->set_uid(association.uid);
    one->set_user(used.user);
    one->set_charged(used.charged);
    one->set_counted(used.counted);
  }
}

}  // namespace

void put_live_head(const core::State& state,
                   const core::Contact& contact,
                   Instant now,
                   wire::LiveCluster* to) {
  to->set_now_us(now.us);
  wire::put(state.record.settings, to->mutable_settings());
  std::map<ClassId, std::uint32_t> places;
  for (const core::Node& node : state.record.nodes) {
    const auto [place, is_new] =
        places.try_emplace(node.node_class, static_cast<std::uint32_t>(places.size()));
    if (is_new) wire::put(state.class_of(node), to->add_classes());
    wire::LiveNode* live = to->add_nodes();
    live->set_node(node.id.value);
    live->set_node_class(place->second);
    put_inventory(node, live->mutable_inventory());
    live->set_away(why_away(state, contact, now, node));
  }
  for (const auto& [name, down] : state.record.partitions_down) to->add_partitions_down(name);
  put_usage(state.record.usage, to);
}

void put_live_job(const core::State& state,
                  const core::Plan& plan,
                  const core::Job& job,
                  wire::LiveJob* to) {
  to->set_job(job.id.value);
  to->set_name(core::job_name(job));
  to->set_submitted_us(job.submitted.us);
  wire::put(job.request, to->mutable_request());
  to->set_held(job.hold != Hold::none);
  if (core::is_element(job)) {
    to->set_array(job.array.value);
    to->set_index(job.index);
  }
  if (core::is_array(job) && job.phase == JobPhase::pending) {
    const ArraySpec remaining = core::remainder(job);
    to->set_name(elements_text(job.id.value, remaining));
    for (const ArrayRange& range : remaining.ranges) {
      wire::ArrayRange* one = to->add_remaining();
      one->set_first(range.first);
      one->set_last(range.last);
      one->set_step(range.step);
    }
  }
  if (job.phase == JobPhase::pending) {
    const Reason reason = plan.blocked(state, job.id).code;
    to->set_waits_for_others(reason == Reason::dependency);
    if (reason == Reason::dependency_never) to->set_held(true);
  } else if (job.phase != JobPhase::split) {
    to->set_started_us(job.run->started.us);
    to->set_ending(job.phase == JobPhase::ending);
    to->set_partition(core::partition_of(job));
    Allocation held;
    for (std::size_t i = 0; i < job.run->allocation.nodes.size(); ++i) {
      if (!job.run->freed.test(i)) held.nodes.push_back(job.run->allocation.nodes[i]);
    }
    wire::put(held, to->mutable_allocation());
  }
}

}  // namespace cox::ctld
