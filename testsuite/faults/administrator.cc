// What administrators do meanwhile: other configurations, partitions and nodes in and out of
// service. Nothing of it may break a promise, or outlast the healing.
#include <array>
#include <utility>
#include <vector>

#include "config/config.h"
#include "testsuite/faults/simulation.h"

namespace cox::faults {

/// Another than now in this or that; every job of the simulation still fits it.
Settings Simulation::any_settings() {
  static constexpr std::array backfills = {"none", "easy", "easy-sjbf", "conservative"};
  Rng& rng = administrators_;
  Settings settings = checks_.sent_settings.front();
  settings.backfill = backfills[rng.below(backfills.size())];
  settings.reservations = static_cast<std::uint32_t>(rng.between(1, 64));
  settings.kill_wait = seconds(rng.between(2, 5));
  settings.history_keep = seconds(rng.between(4, 12));
  settings.priority_terms.size = static_cast<std::uint32_t>(rng.below(50'000));
  PartitionSettings& batch = settings.partitions.front();
  batch.tier = static_cast<std::uint32_t>(rng.between(1, 3));
  batch.weight = static_cast<std::uint32_t>(rng.below(100));
  batch.whole_nodes = rng.chance(1, 4);
  const bool keeps_turns = batch.takes_turns() && rng.chance(3, 4);
  if (keeps_turns) {
    batch.whole_nodes = true;
    batch.rows = static_cast<std::uint32_t>(rng.between(2, 4));
  } else if (batch.takes_turns()) {
    batch.rows = 1;  // jobs in rows go on taking turns
    batch.slice = PartitionSettings{}.slice;
  }
  if (rng.chance(1, 2)) batch.default_time = batch.max_time = minutes(rng.between(10, 30));
  // Nodes where jobs take turns are in no other partition.
  if (rng.chance(1, 2) && !keeps_turns) {
    settings.partitions.push_back({.name = "spare", .nodes = "n[1-2]", .is_default = false});
  }
  // Nobody asks for more of it than there is at any time.
  if (!settings.licenses.empty()) {
    settings.licenses.front().total = static_cast<std::uint32_t>(rng.between(1, 3));
  } else if (rng.chance(1, 2)) {
    settings.nodes.push_back(
        {.names = "n[1-4]", .labels = {{"rack", "a"}}, .expect = {.cores = 8}});
  }
  // The nodes here play them; the controller's own end well at once.
  if (rng.chance(1, 2)) settings.programs.epilog = "/usr/sbin/epilog";
  if (rng.chance(1, 2)) settings.programs.controller_prolog = "/usr/sbin/prolog";
  if (rng.chance(1, 2)) settings.programs.controller_epilog = "/usr/sbin/epilog";
  return settings;
}

void Simulation::apply(const Settings& settings) {
  wire::ClientRequest request;
  auto* action = request.mutable_config_action();
  action->set_kind(wire::ConfigAction::APPLY);
  action->set_name("cox.toml");
  action->set_text(config::to_toml(settings));
  clients_.back()->ask(std::move(request), true);
}

void Simulation::administer(Kind kind) {
  Rng& rng = administrators_;
  wire::ClientRequest request;
  if (kind == Kind::config_changed) {
    if (rng.chance(2, 3)) {
      checks_.sent_settings.push_back(any_settings());
      return apply(checks_.sent_settings.back());
    }
    auto* action = request.mutable_config_action();
    // Half of a file, or one that names what is not there, changes nothing.
    const bool is_bad = rng.chance(1, 2);
    action->set_kind(is_bad ? wire::ConfigAction::APPLY : wire::ConfigAction::ROLLBACK);
    if (is_bad) action->set_text("[scheduling]\nkill_wait = \"4s\"\n[[partition]]\nnodes = 7\n");
  } else if (kind == Kind::partition_down) {
    auto* action = request.mutable_partition_action();
    action->set_kind(rng.chance(1, 2) ? wire::PartitionAction::DOWN : wire::PartitionAction::UP);
    action->add_names(rng.chance(3, 4) ? "batch" : "spare");
    action->set_why("cables");
  } else {
    const auto how = kind == Kind::node_drained ? wire::NodeAction::DRAIN : wire::NodeAction::DOWN;
    auto* action = request.mutable_node_action();
    action->set_kind(rng.chance(1, 2) ? how : wire::NodeAction::RESUME);
    action->set_names(rng.chance(1, 4) ? "n[1-2]" : "n" + std::to_string(rng.between(1, 4)));
    action->set_why("fan");
  }
  clients_.back()->ask(std::move(request));
}

/// Some jobs, most of which run: made to stand still, or to go on.
void Simulation::suspend_some() {
  Rng& rng = administrators_;
  if (!controller_.is_up()) return;
  std::vector<JobId> jobs;
  for (const JobId id : controller_.state().index.unended) {
    if (controller_.state().find_job(id)->phase == JobPhase::running || rng.chance(1, 8)) {
      jobs.push_back(id);
    }
  }
  if (jobs.empty()) return;
  wire::ClientRequest request;
  auto* action = request.mutable_job_action();
  action->set_kind(rng.chance(2, 3) ? wire::JobAction::SUSPEND : wire::JobAction::RESUME);
  for (auto count = rng.between(1, 3); count > 0; --count) {
    action->add_jobs(jobs[rng.below(jobs.size())].value);
  }
  clients_.back()->ask(std::move(request));
}

/// After healing: nobody stands still for ever.
void Simulation::resume_all() {
  if (!controller_.is_up()) return;
  wire::ClientRequest request;
  auto* action = request.mutable_job_action();
  action->set_kind(wire::JobAction::RESUME);
  for (const JobId id : controller_.state().index.unended) {
    if (controller_.state().find_job(id)->run->suspended.is_set()) action->add_jobs(id.value);
  }
  if (action->jobs_size() != 0) clients_.back()->ask(std::move(request));
}

/// After healing: the configuration of the beginning, and every partition up.
void Simulation::restore_order() {
  if (kinds_.has(Kind::config_changed)) apply(checks_.sent_settings.front());
  if (!kinds_.has(Kind::partition_down)) return;
  wire::ClientRequest request;
  request.mutable_partition_action()->set_kind(wire::PartitionAction::UP);
  request.mutable_partition_action()->add_names("batch");
  clients_.back()->ask(std::move(request), true);
}

}  // namespace cox::faults
