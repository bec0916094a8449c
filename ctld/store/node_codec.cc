// See node_codec.h.
#include "ctld/store/node_codec.h"

namespace cox::ctld {

namespace {

void put_reboot(const core::Reboot& from, store::StateNode* to) {
  auto* asked = to->mutable_reboot();
  asked->set_at_us(from.asked.us);
  asked->set_asap(from.asap);
  asked->set_why(from.why);
  asked->set_by(from.by);
  asked->set_who(from.who);
  to->set_reboot_begun_us(from.begun.us);
}

core::Reboot take_reboot(const store::StateNode& from) {
  const auto& asked = from.reboot();
  return {Instant{asked.at_us()},
          Instant{from.reboot_begun_us()},
          asked.asap(),
          asked.why(),
          asked.by(),
          asked.who()};
}

}  // namespace

store::StateNode encode_node(const core::Node& node) {
  store::StateNode to;
  auto* described = to.mutable_described();
  described->set_node(node.id.value);
  described->set_at_us(node.registered.us);
  described->set_node_class(node.node_class.value);
  described->set_name(node.name);
  described->set_boot_id(node.boot_id);
  described->set_address(node.address);
  described->set_containment(node.containment);
  described->set_version(node.version);
  for (const std::int64_t mib : node.memory_mib) described->add_memory_mib(mib);
  for (const Pool& pool : node.pools) {
    auto* entry = described->add_pools();
    entry->set_name(pool.name);
    entry->set_type(pool.type);
    entry->set_total(pool.total);
  }
  described->set_is_thissystem(node.is_thissystem);
  described->set_shares_machine(node.shares_machine);
  to.set_aside(static_cast<std::uint32_t>(node.aside));
  to.set_why(node.why);
  to.set_aside_at_us(node.aside_at.us);
  to.set_aside_by(node.aside_by);
  to.set_aside_who(node.aside_who);
  to.set_is_lost(node.is_lost);
  to.set_score(node.score);
  to.set_scored_us(node.scored.us);
  to.set_backed_off_until_us(node.backed_off_until.us);
  to.set_failed_job(node.failed_job.value);
  for (const core::StuckAttempt& stuck : node.stuck) {
    auto* entry = to.add_stuck();
    entry->set_job(stuck.job.value);
    entry->set_attempt(stuck.attempt.value);
    entry->set_since_us(stuck.since.us);
    entry->set_processes(stuck.processes);
    entry->set_why(stuck.why);
  }
  if (node.reboot.asked.is_set()) put_reboot(node.reboot, &to);
  return to;
}

core::Node decode_node(const store::StateNode& from) {
  const auto& described = from.described();
  core::Node node;
  node.id = NodeId(described.node());
  node.registered = Instant{described.at_us()};
  node.node_class = ClassId(described.node_class());
  node.name = described.name();
  node.boot_id = described.boot_id();
  node.address = described.address();
  node.containment = described.containment();
  node.version = described.version();
  node.memory_mib.assign(described.memory_mib().begin(), described.memory_mib().end());
  for (const auto& pool : described.pools()) {
    node.pools.push_back(Pool{pool.name(), pool.type(), pool.total()});
  }
  node.is_thissystem = described.is_thissystem();
  node.shares_machine = described.shares_machine();
  node.aside = static_cast<core::Aside>(from.aside());
  node.why = from.why();
  node.aside_at = Instant{from.aside_at_us()};
  node.aside_by = from.aside_by();
  node.aside_who = from.aside_who();
  node.is_lost = from.is_lost();
  node.score = from.score();
  node.scored = Instant{from.scored_us()};
  node.backed_off_until = Instant{from.backed_off_until_us()};
  node.failed_job = JobId(from.failed_job());
  for (const auto& stuck : from.stuck()) {
    node.stuck.push_back({JobId(stuck.job()), Attempt(stuck.attempt()), Instant{stuck.since_us()},
                          stuck.processes(), stuck.why()});
  }
  node.reboot = take_reboot(from);
  return node;
}

}  // namespace cox::ctld
