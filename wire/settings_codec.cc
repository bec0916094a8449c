// Settings as bytes. Fields that old journals do not have keep their defaults.
#include <utility>

#include "model/license.h"
#include "wire/check.h"
#include "wire/model_codec.h"

namespace cox::wire {
namespace {

void put(const cox::PartitionSettings& from, PartitionSettings* to) {
  to->set_name(from.name);
  to->set_nodes(from.nodes);
  to->set_select(from.select);
  to->set_is_default(from.is_default);
  to->set_default_time_us(from.default_time.us);
  to->set_max_time_us(from.max_time.us);
  to->set_max_nodes(from.max_nodes);
  to->set_tier(from.tier);
  to->set_cpu_is_thread(from.cpu_is_thread);
  to->set_whole_nodes(from.whole_nodes);
  to->set_weight(from.weight);
  if (!from.takes_turns()) return;
  to->set_rows(from.rows);
  to->set_slice_us(from.slice.us);
}

/// A compact list may name any part of a large fleet.
std::string list(Check& check, const std::string& from, const char* what) {
  return check.text(from, what, argv_bytes_max);
}

cox::Duration span(Check& check, std::int64_t us, const char* what) {
  return cox::Duration{check.range<std::int64_t>(us, 0, amount_max, what)};
}

cox::PartitionSettings take(Check& check, const PartitionSettings& from) {
  cox::PartitionSettings to;
  to.name = check.text(from.name(), "partition name");
  to.nodes = list(check, from.nodes(), "partition nodes");
  to.select = check.text(from.select(), "partition select");
  to.is_default = from.is_default();
  to.default_time = span(check, from.default_time_us(), "default_time");
  to.max_time = span(check, from.max_time_us(), "max_time");
  to.max_nodes = from.max_nodes();
  to.tier = from.tier();
  to.cpu_is_thread = from.cpu_is_thread();
  to.whole_nodes = from.whole_nodes();
  to.weight = from.weight();
  if (from.rows() < 2) return to;
  to.rows = check.range<std::uint32_t>(from.rows(), 2, slice_rows_max, "rows");
  to.slice = span(check, from.slice_us(), "slice");
  return to;
}

void put(const cox::NodeSettings& from, NodeSettings* to) {
  to->set_names(from.names);
  for (const auto& [key, value] : from.labels) (*to->mutable_labels())[key] = value;
  to->set_cores(from.expect.cores);
  to->set_memory_mib(from.expect.memory_mib);
  to->set_gpus(from.expect.gpus);
}

cox::NodeSettings take(Check& check, const NodeSettings& from) {
  cox::NodeSettings to;
  to.names = list(check, from.names(), "node names");
  if (check.count(static_cast<int>(from.labels().size()), names_max, "labels")) {
    for (const auto& [key, value] : from.labels()) {
      to.labels.emplace(check.text(key, "label"), check.text(value, "label value"));
    }
  }
  to.expect.cores = from.cores();
  to.expect.memory_mib =
      check.range<std::int64_t>(from.memory_mib(), 0, memory_mib_max, "memory_mib");
  to.expect.gpus = from.gpus();
  return to;
}

void put(const cox::SwitchSettings& from, SwitchSettings* to) {
  to->set_name(from.name);
  to->set_nodes(from.nodes);
  to->set_switches(from.switches);
}

cox::SwitchSettings take(Check& check, const SwitchSettings& from) {
  return {check.text(from.name(), "switch name"), list(check, from.nodes(), "switch nodes"),
          list(check, from.switches(), "switch switches")};
}

void put(const cox::LicenseSettings& from, LicenseSettings* to) {
  to->set_name(from.name);
  to->set_total(from.total);
}

cox::LicenseSettings take(Check& check, const LicenseSettings& from) {
  return {check.text(from.name(), "license name"),
          check.range(from.total(), 0U, licenses_max, "license total")};
}

void put(const cox::PrioritySettings& from, PrioritySettings* to) {
  to->set_age(from.age);
  to->set_fairshare(from.fairshare);
  to->set_size(from.size);
  to->set_partition(from.partition);
  to->set_qos(from.qos);
  to->set_max_age_us(from.max_age.us);
  to->set_half_life_us(from.half_life.us);
  to->set_charge_period_us(from.charge_period.us);
  to->set_charge_core(from.charge_core);
  to->set_charge_gib(from.charge_gib);
  to->set_charge_device(from.charge_device);
}

cox::PrioritySettings take(Check& check, const PrioritySettings& from) {
  return {from.age(),
          from.fairshare(),
          from.size(),
          from.partition(),
          from.qos(),
          span(check, from.max_age_us(), "max_age"),
          span(check, from.half_life_us(), "half_life"),
          span(check, from.charge_period_us(), "charge_period"),
          from.has_charge_core() ? from.charge_core() : cox::PrioritySettings{}.charge_core,
          from.charge_gib(),
          from.charge_device()};
}

void put(const cox::AccountSettings& from, AccountSettings* to) {
  to->set_name(from.name);
  to->set_parent(from.parent);
  to->set_shares(from.shares);
  for (const cox::UserShares& user : from.users) {
    auto* added = to->add_users();
    added->set_user(user.user);
    added->set_shares(user.shares);
  }
}

cox::AccountSettings take(Check& check, const AccountSettings& from) {
  cox::AccountSettings to{check.text(from.name(), "account name"),
                          check.text(from.parent(), "account parent"),
                          from.shares(),
                          {}};
  if (!check.count(from.users_size(), settings_users_max, "users of an account")) return to;
  for (const UserShares& user : from.users()) {
    to.users.push_back({check.text(user.user(), "user"), user.shares()});
  }
  return to;
}

void put(const cox::QosSettings& from, QosSettings* to) {
  to->set_name(from.name);
  to->set_priority(from.priority);
}

cox::QosSettings take(Check& check, const QosSettings& from) {
  return {check.text(from.name(), "qos name"), from.priority()};
}

void put(const cox::RoleMember& from, RoleMember* to) {
  to->set_name(from.name);
  to->set_uid(from.uid);
}

cox::RoleMember take(Check& check, const RoleMember& from) {
  return {check.text(from.name(), "user of a role"), from.uid()};
}

std::string program(Check& check, const std::string& from, const char* what) {
  std::string path = check.text(from, what);
  if (!path.empty() && path[0] != '/') {
    check.refuse(std::string(what) + " " + quoted(path) + " is no absolute path");
  }
  return path;
}

cox::ProgramSettings take(Check& check, const ProgramSettings& from) {
  return {program(check, from.prolog(), "prolog"),
          program(check, from.epilog(), "epilog"),
          program(check, from.health(), "health"),
          span(check, from.prolog_timeout_us(), "prolog_timeout"),
          span(check, from.epilog_timeout_us(), "epilog_timeout"),
          span(check, from.health_timeout_us(), "health_timeout"),
          span(check, from.health_period_us(), "health_period"),
          program(check, from.reboot(), "reboot"),
          span(check, from.reboot_timeout_us(), "reboot_timeout"),
          program(check, from.controller_prolog(), "controller_prolog"),
          program(check, from.controller_epilog(), "controller_epilog"),
          span(check, from.controller_prolog_timeout_us(), "controller_prolog_timeout"),
          span(check, from.controller_epilog_timeout_us(), "controller_epilog_timeout")};
}

template <class Value, class Message>
void put_all(const std::vector<Value>& from, google::protobuf::RepeatedPtrField<Message>* to) {
  to->Clear();
  for (const Value& one : from) put(one, to->Add());
}

template <class Message, class Value>
void take_all(Check& check,
              const google::protobuf::RepeatedPtrField<Message>& from,
              const char* what,
              std::vector<Value>* to) {
  to->clear();
  if (!check.count(from.size(), settings_tables_max, what)) return;
  for (const Message& one : from) to->push_back(take(check, one));
}

void take_later_fields(Check& check, const Settings& from, cox::Settings* to) {
  if (from.has_back_off_us()) to->back_off = span(check, from.back_off_us(), "back_off");
  if (from.has_history_keep_us()) {
    to->history_keep = span(check, from.history_keep_us(), "history_keep");
  }
  if (from.has_history_jobs()) to->history_jobs = from.history_jobs();
  if (from.has_jobs_per_user()) to->jobs_per_user = from.jobs_per_user();
  if (from.has_fan_out()) to->fan_out = from.fan_out();
  if (from.has_backfill()) to->backfill = check.text(from.backfill(), "backfill");
  if (from.has_reservations()) to->reservations = from.reservations();
  if (from.has_priority_terms()) to->priority_terms = take(check, from.priority_terms());
  if (from.has_programs()) to->programs = take(check, from.programs());
}

}  // namespace

void put(const cox::ProgramSettings& from, ProgramSettings* to) {
  to->set_prolog(from.prolog);
  to->set_epilog(from.epilog);
  to->set_health(from.health);
  to->set_prolog_timeout_us(from.prolog_timeout.us);
  to->set_epilog_timeout_us(from.epilog_timeout.us);
  to->set_health_timeout_us(from.health_timeout.us);
  to->set_health_period_us(from.health_period.us);
  to->set_reboot(from.reboot);
  to->set_reboot_timeout_us(from.reboot_timeout.us);
  to->set_controller_prolog(from.controller_prolog);
  to->set_controller_epilog(from.controller_epilog);
  to->set_controller_prolog_timeout_us(from.controller_prolog_timeout.us);
  to->set_controller_epilog_timeout_us(from.controller_epilog_timeout.us);
}

Result<cox::ProgramSettings> take(const ProgramSettings& from) {
  Check check;
  cox::ProgramSettings to = take(check, from);
  return check.done(std::move(to));
}

void put(const cox::Settings& from, Settings* to) {
  to->set_cluster(from.cluster);
  to->set_auth(from.auth);
  to->set_select(from.select);
  to->set_priority(from.priority);
  to->set_lost_after_us(from.lost_after.us);
  to->set_silent_after_us(from.silent_after.us);
  to->set_kill_wait_us(from.kill_wait.us);
  to->set_back_off_us(from.back_off.us);
  to->set_fence_self(from.fence_self);
  to->set_history_keep_us(from.history_keep.us);
  to->set_history_jobs(from.history_jobs);
  to->set_jobs_per_user(from.jobs_per_user);
  to->set_fan_out(from.fan_out);
  to->set_backfill(from.backfill);
  to->set_reservations(from.reservations);
  put(from.priority_terms, to->mutable_priority_terms());
  put(from.programs, to->mutable_programs());
  put_all(from.accounts, to->mutable_accounts());
  put_all(from.qos, to->mutable_qos());
  put_all(from.nodes, to->mutable_nodes());
  put_all(from.switches, to->mutable_switches());
  put_all(from.licenses, to->mutable_licenses());
  put_all(from.administrators, to->mutable_administrators());
  put_all(from.operators, to->mutable_operators());
  put_all(from.readers, to->mutable_readers());
  put_all(from.partitions, to->mutable_partitions());
}

Result<cox::Settings> take(const Settings& from) {
  Check check;
  cox::Settings to;
  to.cluster = check.text(from.cluster(), "cluster name");
  to.auth = check.text(from.auth(), "auth");
  to.select = check.text(from.select(), "select");
  to.priority = check.text(from.priority(), "priority");
  to.lost_after = span(check, from.lost_after_us(), "lost_after");
  to.silent_after = span(check, from.silent_after_us(), "silent_after");
  to.kill_wait = span(check, from.kill_wait_us(), "kill_wait");
  to.fence_self = from.fence_self();
  take_later_fields(check, from, &to);
  take_all(check, from.accounts(), "accounts", &to.accounts);
  take_all(check, from.qos(), "qos", &to.qos);
  take_all(check, from.nodes(), "node tables", &to.nodes);
  take_all(check, from.switches(), "switches", &to.switches);
  take_all(check, from.licenses(), "licenses", &to.licenses);
  take_all(check, from.administrators(), "administrators", &to.administrators);
  take_all(check, from.operators(), "operators", &to.operators);
  take_all(check, from.readers(), "read-only users", &to.readers);
  take_all(check, from.partitions(), "partitions", &to.partitions);
  return check.done(std::move(to)).map_error([](const cox::Error& error) {
    return error.with_context("settings");
  });
}

}  // namespace cox::wire
