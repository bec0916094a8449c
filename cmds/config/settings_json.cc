// The configuration as a document: tables and keys as in the file, amounts with their unit.
#include <string>

#include "cmds/client/views.h"
#include "cmds/config/reports.h"
#include "model/time.h"

namespace cox::cmds {
namespace {

void write_span(const char* key, std::int64_t us, JsonWriter* json) {
  json->number(key, us);
}

/// No limit is null.
void write_limit(const char* key, std::int64_t us, JsonWriter* json) {
  us >= duration_unlimited.us ? json->null(key) : json->number(key, us);
}

void write_members(const char* key,
                   const google::protobuf::RepeatedPtrField<wire::RoleMember>& members,
                   JsonWriter* json) {
  json->begin_array(key);
  for (const wire::RoleMember& member : members) json->item(member.name());
  json->end_array();
}

void write_cluster(const wire::Settings& settings, JsonWriter* json) {
  json->begin_object("cluster");
  json->text("name", settings.cluster());
  json->text("auth", settings.auth());
  write_members("administrators", settings.administrators(), json);
  write_members("operators", settings.operators(), json);
  write_members("read_only", settings.readers(), json);
  json->end_object();
}

void write_scheduling(const wire::Settings& settings, JsonWriter* json) {
  json->begin_object("scheduling");
  json->text("select", settings.select());
  json->text("priority", settings.priority());
  json->text("backfill", settings.backfill());
  json->number("reservations", settings.reservations());
  write_span("silent_after_us", settings.silent_after_us(), json);
  write_span("lost_after_us", settings.lost_after_us(), json);
  write_span("kill_wait_us", settings.kill_wait_us(), json);
  write_span("back_off_us", settings.back_off_us(), json);
  json->text("fence", settings.fence_self() ? "self" : "none");
  json->number("fan_out", settings.fan_out());
  json->end_object();
  json->begin_object("history");
  write_span("keep_in_memory_us", settings.history_keep_us(), json);
  json->number("jobs_in_memory", settings.history_jobs());
  json->end_object();
}

void write_priority(const wire::PrioritySettings& terms, JsonWriter* json) {
  json->begin_object("priority");
  json->number("age", terms.age());
  json->number("fairshare", terms.fairshare());
  json->number("size", terms.size());
  json->number("partition", terms.partition());
  json->number("qos", terms.qos());
  write_span("max_age_us", terms.max_age_us(), json);
  write_span("half_life_us", terms.half_life_us(), json);
  write_span("charge_period_us", terms.charge_period_us(), json);
  json->number("charge_core", terms.charge_core());
  json->number("charge_gib", terms.charge_gib());
  json->number("charge_device", terms.charge_device());
  json->end_object();
}

void write_programs(const wire::ProgramSettings& programs, JsonWriter* json) {
  json->begin_object("programs");
  json->text("prolog", programs.prolog());
  write_span("prolog_timeout_us", programs.prolog_timeout_us(), json);
  json->text("epilog", programs.epilog());
  write_span("epilog_timeout_us", programs.epilog_timeout_us(), json);
  json->text("health", programs.health());
  write_span("health_timeout_us", programs.health_timeout_us(), json);
  write_span("health_period_us", programs.health_period_us(), json);
  json->text("reboot", programs.reboot());
  write_span("reboot_timeout_us", programs.reboot_timeout_us(), json);
  json->text("controller_prolog", programs.controller_prolog());
  write_span("controller_prolog_timeout_us", programs.controller_prolog_timeout_us(), json);
  json->text("controller_epilog", programs.controller_epilog());
  write_span("controller_epilog_timeout_us", programs.controller_epilog_timeout_us(), json);
  json->end_object();
}

void write_accounts(const wire::Settings& settings, JsonWriter* json) {
  json->begin_array("account");
  for (const wire::AccountSettings& account : settings.accounts()) {
    json->begin_object();
    json->text("name", account.name());
    json->text("parent", account.parent());
    json->number("shares", account.shares());
    json->begin_object("users");
    for (const wire::UserShares& user : account.users()) json->number(user.user(), user.shares());
    json->end_object();
    json->end_object();
  }
  json->end_array();
  json->begin_array("qos");
  for (const wire::QosSettings& qos : settings.qos()) {
    json->begin_object();
    json->text("name", qos.name());
    json->number("priority", qos.priority());
    json->end_object();
  }
  json->end_array();
}

void write_node(const wire::NodeSettings& node, JsonWriter* json) {
  json->begin_object();
  json->text("names", node.names());
  json->begin_object("labels");
  for (const auto& [key, value] : take_labels(node.labels())) json->text(key, value);
  json->end_object();
  json->begin_object("expect");
  json->number("cores", node.cores());
  json->number("memory_mib", std::int64_t{node.memory_mib()});
  json->number("gpus", node.gpus());
  json->end_object();
  json->end_object();
}

void write_fleet(const wire::Settings& settings, JsonWriter* json) {
  json->begin_array("node");
  for (const wire::NodeSettings& node : settings.nodes()) write_node(node, json);
  json->end_array();
  json->begin_array("switch");
  for (const wire::SwitchSettings& one : settings.switches()) {
    json->begin_object();
    json->text("name", one.name());
    json->text("nodes", one.nodes());
    json->text("switches", one.switches());
    json->end_object();
  }
  json->end_array();
  json->begin_array("license");
  for (const wire::LicenseSettings& one : settings.licenses()) {
    json->begin_object();
    json->text("name", one.name());
    json->number("total", one.total());
    json->end_object();
  }
  json->end_array();
}

void write_partition(const wire::PartitionSettings& partition, JsonWriter* json) {
  json->begin_object();
  json->text("name", partition.name());
  json->text("nodes", partition.nodes());
  json->text("select", partition.select());
  json->boolean("default", partition.is_default());
  write_limit("default_time_us", partition.default_time_us(), json);
  write_limit("max_time_us", partition.max_time_us(), json);
  json->number("max_nodes", partition.max_nodes());
  json->number("tier", partition.tier());
  json->number("weight", partition.weight());
  json->text("cpu", partition.cpu_is_thread() ? "thread" : "core");
  json->text("share", partition.whole_nodes() ? "nodes" : "cores");
  json->end_object();
}

}  // namespace

void write_json(const wire::Settings& settings, JsonWriter* json) {
  write_cluster(settings, json);
  write_scheduling(settings, json);
  write_priority(settings.priority_terms(), json);
  write_programs(settings.programs(), json);
  write_accounts(settings, json);
  write_fleet(settings, json);
  json->begin_array("partition");
  for (const wire::PartitionSettings& one : settings.partitions()) write_partition(one, json);
  json->end_array();
}

}  // namespace cox::cmds
