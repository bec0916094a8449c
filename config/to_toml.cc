// Settings written as the file that says them. What has its default is written too, so that a
// configuration in force shows every key; but not what has no effect yet, which would be warned of.
#include "common/text.h"
#include "config/config.h"
#include "model/memory_text.h"

namespace cox::config {
namespace {

/// A basic string; what is no printable ASCII is escaped.
std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      out += "\\u00" + to_hex(std::string_view(&c, 1));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string flag(bool value) {
  return value ? "true" : "false";
}

std::string span(Duration d) {
  return toml_string(std::to_string(d.us / 1'000'000) + "s");
}

class Text {
 public:
  void begin(const std::string& heading) { out_ += (out_.empty() ? "" : "\n") + heading + "\n"; }

  void add(const std::string& key, const std::string& value) { out_ += key + " = " + value + "\n"; }

  /// Left out where it says nothing.
  void add_text(const std::string& key, const std::string& value) {
    if (!value.empty()) add(key, toml_string(value));
  }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// { a, b }, or nothing.
std::string braces(const std::vector<std::string>& entries) {
  return "{ " + join(entries, ", ") + " }";
}

void add_members(Text& text, const std::string& key, const std::vector<RoleMember>& members) {
  if (members.empty()) return;
  std::vector<std::string> names;
  for (const RoleMember& one : members) {
    const bool is_number = one.uid != uid_nobody && one.name == std::to_string(one.uid);
    names.push_back(is_number ? one.name : toml_string(one.name));
  }
  text.add(key, "[" + join(names, ", ") + "]");
}

/// Keys that only a start reads, where they are not as they are without.
void add_start(Text& text, const Config& config) {
  if (!config.listen.empty()) text.add("controller", toml_string(join(config.listen, ",")));
  if (!config.state_dir.empty()) text.add("state_dir", toml_string(config.state_dir));
  const bool without = config.settings.auth != "munge";
  if (config.root_from_nodes != without) {
    text.add("root_from_nodes", config.root_from_nodes ? "true" : "false");
  }
}

void add_cluster(Text& text, const Config& config) {
  const Settings& settings = config.settings;
  text.begin("[cluster]");
  text.add("name", toml_string(settings.cluster));
  text.add("auth", toml_string(settings.auth));
  add_members(text, "administrators", settings.administrators);
  add_members(text, "operators", settings.operators);
  add_members(text, "read_only", settings.readers);
  add_start(text, config);
}

void add_scheduling(Text& text, const Config& config) {
  const Settings& settings = config.settings;
  text.begin("[scheduling]");
  text.add("select", toml_string(settings.select));
  text.add("priority", toml_string(settings.priority));
  text.add("backfill", toml_string(settings.backfill));
  text.add("reservations", number(settings.reservations));
  text.add("silent_after", span(settings.silent_after));
  text.add("lost_after", span(settings.lost_after));
  text.add("kill_wait", span(settings.kill_wait));
  text.add("back_off", span(settings.back_off));
  text.add("fence", toml_string(settings.fence_self ? "self" : "none"));
  text.add("jobs_per_user", number(settings.jobs_per_user));
  text.add("fan_out", number(settings.fan_out));
  text.begin("[history]");
  text.add("keep_in_memory", span(settings.history_keep));
  text.add("jobs_in_memory", number(settings.history_jobs));
  if (config.checkpoint_facts != Config{}.checkpoint_facts) {
    text.add("checkpoint_facts", number(config.checkpoint_facts));
  }
}

void add_priority(Text& text, const PrioritySettings& terms) {
  text.begin("[priority]");
  text.add("age", number(terms.age));
  text.add("fairshare", number(terms.fairshare));
  text.add("size", number(terms.size));
  text.add("partition", number(terms.partition));
  text.add("qos", number(terms.qos));
  text.add("max_age", span(terms.max_age));
  text.add("half_life", span(terms.half_life));
  text.add("charge_period", span(terms.charge_period));
  text.add("charge_core", number(terms.charge_core));
  text.add("charge_gib", number(terms.charge_gib));
  text.add("charge_device", number(terms.charge_device));
}

void add_programs(Text& text, const ProgramSettings& programs) {
  text.begin("[programs]");
  text.add_text("prolog", programs.prolog);
  text.add("prolog_timeout", span(programs.prolog_timeout));
  text.add_text("epilog", programs.epilog);
  text.add("epilog_timeout", span(programs.epilog_timeout));
  text.add_text("health", programs.health);
  text.add("health_timeout", span(programs.health_timeout));
  text.add("health_period", span(programs.health_period));
  text.add_text("reboot", programs.reboot);
  text.add("reboot_timeout", span(programs.reboot_timeout));
  text.add_text("controller_prolog", programs.controller_prolog);
  text.add("controller_prolog_timeout", span(programs.controller_prolog_timeout));
  text.add_text("controller_epilog", programs.controller_epilog);
  text.add("controller_epilog_timeout", span(programs.controller_epilog_timeout));
}

void add_accounts(Text& text, const Settings& settings) {
  for (const AccountSettings& account : settings.accounts) {
    text.begin("[[account]]");
    text.add("name", toml_string(account.name));
    text.add("parent", toml_string(account.parent));
    text.add("shares", number(account.shares));
    std::vector<std::string> users;
    for (const UserShares& user : account.users) {
      users.push_back(toml_string(user.user) + " = " + number(user.shares));
    }
    if (!users.empty()) text.add("users", braces(users));
  }
  for (const QosSettings& qos : settings.qos) {
    text.begin("[[qos]]");
    text.add("name", toml_string(qos.name));
    text.add("priority", number(qos.priority));
  }
}

void add_node(Text& text, const NodeSettings& node) {
  text.begin("[[node]]");
  text.add("names", toml_string(node.names));
  std::vector<std::string> entries;
  for (const auto& [key, value] : node.labels)
    entries.push_back(toml_string(key) + " = " + toml_string(value));
  if (!entries.empty()) text.add("labels", braces(entries));
  entries.clear();
  const NodeExpectation& expect = node.expect;
  if (expect.cores != 0) entries.push_back("cores = " + number(expect.cores));
  if (expect.memory_mib != 0) {
    entries.push_back("memory = " + toml_string(memory_text(expect.memory_mib)));
  }
  if (expect.gpus != 0) entries.push_back("gpus = " + number(expect.gpus));
  if (!entries.empty()) text.add("expect", braces(entries));
}

void add_fleet(Text& text, const Settings& settings) {
  for (const NodeSettings& node : settings.nodes) add_node(text, node);
  for (const SwitchSettings& one : settings.switches) {
    text.begin("[[switch]]");
    text.add("name", toml_string(one.name));
    text.add_text("nodes", one.nodes);
    text.add_text("switches", one.switches);
  }
  for (const LicenseSettings& one : settings.licenses) {
    text.begin("[[license]]");
    text.add("name", toml_string(one.name));
    text.add("total", number(one.total));
  }
}

void add_partition(Text& text, const PartitionSettings& partition) {
  text.begin("[[partition]]");
  text.add("name", toml_string(partition.name));
  text.add_text("nodes", partition.nodes);
  text.add_text("select", partition.select);
  text.add("default", flag(partition.is_default));
  text.add("default_time", toml_string(to_text(partition.default_time)));
  text.add("max_time", toml_string(to_text(partition.max_time)));
  text.add("max_nodes", number(partition.max_nodes));
  text.add("tier", number(partition.tier));
  text.add("weight", number(partition.weight));
  text.add("cpu", toml_string(partition.cpu_is_thread ? "thread" : "core"));
  text.add("share", toml_string(std::string(share_text(partition))));
  if (!partition.takes_turns()) return;
  text.add("rows", number(partition.rows));
  text.add("slice", span(partition.slice));
}

}  // namespace

std::string to_toml(const Settings& settings) {
  Config config;
  config.settings = settings;
  config.root_from_nodes = settings.auth != "munge";
  return to_toml(config);
}

std::string to_toml(const Config& config) {
  const Settings& settings = config.settings;
  Text text;
  add_cluster(text, config);
  add_scheduling(text, config);
  add_priority(text, settings.priority_terms);
  add_programs(text, settings.programs);
  add_accounts(text, settings);
  add_fleet(text, settings);
  for (const PartitionSettings& partition : settings.partitions) add_partition(text, partition);
  return text.take();
}

}  // namespace cox::config
