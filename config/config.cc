// The keys of the file, table by table, and what must hold between them.
#include "config/config.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "common/node_list.h"
#include "common/text.h"
#include "config/bare_text.h"
#include "config/reader.h"
#include "config/texts.h"

namespace cox::config {
namespace {

constexpr std::int64_t nodes_max = 1'000'000;
constexpr std::int64_t tier_max = 1000;
constexpr std::int64_t history_jobs_max = 10'000'000;
constexpr std::int64_t jobs_per_user_max = 100'000'000;

/// One file being read.
class File {
 public:
  Config take(const toml::table& top) {
    reader_.read(top, "",
                 {{"cluster", table("cluster", cluster_keys())},
                  {"scheduling", table("scheduling", scheduling_keys())},
                  {"history", table("history", history_keys())},
                  {"partition", [this](const toml::node& node) { take_partitions(node); }},
                  {"priority", {}},
                  {"account", {}},
                  {"qos", {}},
                  {"node", {}},
                  {"switch", {}}});
    if (const toml::node* scheduling = top.get("scheduling")) check_spans(*scheduling);
    if (!names_root_) config_.root_from_nodes = config_.settings.auth == "local";
    config_.settings.fence_self = fence_ == "self";
    return std::move(config_);
  }

  std::vector<Complaint> complaints() const { return reader_.complaints(); }

 private:
  using Take = std::function<void(const toml::node&)>;

  Take table(const std::string& name, std::vector<Key> keys) {
    return [this, name, keys = std::move(keys)](const toml::node& node) {
      if (const auto* found = node.as_table()) {
        reader_.read(*found, name, keys);
      } else {
        reader_.complain(node.source(), name,
                         type_text(node.type()) + " where a table [" + name + "] is needed");
      }
    };
  }

  std::vector<Key> cluster_keys() {
    Settings& settings = config_.settings;
    return {{"name", checked("cluster.name", &check_name, &settings.cluster)},
            {"auth", reader_.choice("cluster.auth", {"local", "munge"}, {}, &settings.auth)},
            {"state_dir", checked("cluster.state_dir", &check_directory, &config_.state_dir)},
            {"controller", [this](const toml::node& node) { take_controller(node); }},
            {"root_from_nodes", [this](const toml::node& node) {
               names_root_ = true;
               reader_.flag("cluster.root_from_nodes", &config_.root_from_nodes)(node);
             }}};
  }

  std::vector<Key> history_keys() {
    Settings& settings = config_.settings;
    return {{"keep_in_memory", reader_.span("history.keep_in_memory", seconds(0), minutes(7 * 1440),
                                            &settings.history_keep)},
            {"jobs_in_memory",
             reader_.number("history.jobs_in_memory", 0, history_jobs_max, &settings.history_jobs)},
            {"checkpoint_facts", reader_.number("history.checkpoint_facts", 1, history_jobs_max,
                                                &config_.checkpoint_facts)}};
  }

  std::vector<Key> scheduling_keys() {
    Settings& settings = config_.settings;
    const std::string at = "scheduling.";
    return {
        {"select", reader_.choice(at + "select", {"topology", "linear"}, {}, &settings.select)},
        {"priority",
         reader_.choice(at + "priority", {"fifo"}, {"multifactor"}, &settings.priority)},
        {"silent_after",
         reader_.span(at + "silent_after", seconds(1), minutes(60), &settings.silent_after)},
        {"lost_after",
         reader_.span(at + "lost_after", seconds(2), minutes(7 * 1440), &settings.lost_after)},
        {"kill_wait", reader_.span(at + "kill_wait", seconds(0), minutes(60), &settings.kill_wait)},
        {"back_off", reader_.span(at + "back_off", seconds(1), minutes(60), &settings.back_off)},
        {"fence", reader_.choice(at + "fence", {"none", "self"}, {}, &fence_)},
        {"jobs_per_user",
         reader_.number(at + "jobs_per_user", 1, jobs_per_user_max, &settings.jobs_per_user)},
        {"backfill", {}},
        {"reservations", {}}};
  }

  std::vector<Key> partition_keys(PartitionSettings* to, std::string* cpu, std::string* share) {
    const std::string at = "partition.";
    return {{"name", checked(at + "name", &check_name, &to->name)},
            {"nodes", checked(at + "nodes", &check_nodes, &to->nodes)},
            {"default", reader_.flag(at + "default", &to->is_default)},
            {"default_time", reader_.time_limit(at + "default_time", &to->default_time)},
            {"max_time", reader_.time_limit(at + "max_time", &to->max_time)},
            {"max_nodes", reader_.number(at + "max_nodes", 0, nodes_max, &to->max_nodes)},
            {"tier", reader_.number(at + "tier", 0, tier_max, &to->tier)},
            {"cpu", reader_.choice(at + "cpu", {"core", "thread"}, {}, cpu)},
            {"share", reader_.choice(at + "share", {"cores", "nodes"}, {"timeslice"}, share)},
            {"select", {}},
            {"weight", {}}};
  }

  /// A text that `check` must accept; it returns what is wrong, or nothing.
  Take checked(const std::string& key, std::string (*check)(const std::string&), std::string* out) {
    return [this, key, check, out](const toml::node& node) {
      std::string value;
      const std::size_t before = reader_.complaints().size();
      reader_.text(key, &value)(node);
      if (reader_.complaints().size() != before) return;
      const std::string wrong = check(value);
      if (wrong.empty()) {
        *out = value;
      } else {
        reader_.complain(node.source(), key, wrong);
      }
    };
  }

  void take_controller(const toml::node& node) {
    std::string address;
    checked("cluster.controller", &check_host, &address)(node);
    if (!address.empty()) config_.listen = {address};
  }

  void check_spans(const toml::node& node) {
    const Settings& settings = config_.settings;
    if (settings.lost_after > settings.silent_after) return;
    reader_.complain(node.source(), "scheduling.lost_after", "must be longer than silent_after");
  }

  void take_partitions(const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr) {
      reader_.complain(node.source(), "partition",
                       type_text(node.type()) + " where [[partition]] is needed");
      return;
    }
    config_.settings.partitions.clear();
    for (const toml::node& entry : *list) {
      if (const auto* found = entry.as_table()) {
        take_partition(*found);
      } else {
        reader_.complain(entry.source(), "partition",
                         type_text(entry.type()) + " where [[partition]] is needed");
      }
    }
    choose_default(node);
  }

  void take_partition(const toml::table& found) {
    PartitionSettings partition;
    partition.name.clear();
    partition.is_default = false;
    std::string cpu = "core";
    std::string share = "cores";
    const std::size_t before = reader_.complaints().size();
    reader_.read(found, "partition", partition_keys(&partition, &cpu, &share));
    partition.cpu_is_thread = cpu == "thread";
    partition.whole_nodes = share == "nodes";
    if (!found.contains("default_time")) partition.default_time = partition.max_time;
    if (!found.contains("name")) {
      reader_.complain(found.source(), "partition", "has no name");
    }
    if (partition.default_time > partition.max_time) {
      reader_.complain(found.source(), "partition.default_time", "is longer than max_time");
    }
    if (reader_.complaints().size() == before) add(std::move(partition), found);
  }

  void add(PartitionSettings partition, const toml::table& found) {
    auto& all = config_.settings.partitions;
    for (const PartitionSettings& other : all) {
      if (other.name == partition.name) {
        reader_.complain(found.source(), "partition.name", '"' + other.name + "\" is there twice");
        return;
      }
      if (other.is_default && partition.is_default) {
        reader_.complain(found.source(), "partition.default",
                         '"' + other.name + "\" and \"" + partition.name + "\" both say true");
        return;
      }
    }
    all.push_back(std::move(partition));
  }

  void choose_default(const toml::node& node) {
    auto& all = config_.settings.partitions;
    if (all.empty()) {
      // Partitions that were refused have their own complaints.
      if (reader_.complaints().empty()) {
        reader_.complain(node.source(), "partition", "an empty list; leave it out for the default");
      }
      return;
    }
    const bool has_default =
        std::any_of(all.begin(), all.end(), [](const auto& one) { return one.is_default; });
    if (!has_default) all.front().is_default = true;
  }

  Config config_;
  bool names_root_ = false;
  std::string fence_ = "none";
  Reader reader_;
};

Error as_error(std::vector<Complaint> complaints, const std::string& name) {
  std::stable_sort(complaints.begin(), complaints.end(), [](const auto& a, const auto& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(complaints.size(), complaints_max); ++i) {
    const Complaint& one = complaints[i];
    text += (i == 0 ? "" : "\n") + name + ":" + std::to_string(one.line) + ":" +
            std::to_string(one.column) + ": " + one.text;
  }
  if (complaints.size() > complaints_max) {
    text += "\n" + name + ": " + std::to_string(complaints.size() - complaints_max) + " more";
  }
  return Error{Code::bad_usage, text};
}

/// The parser's own words may quote the file: made printable, on one line, lower case at first.
Error syntax_error(const toml::parse_error& wrong, const std::string& name) {
  std::string text = quoted(wrong.description(), 200);
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  const auto& at = wrong.source().begin;
  return as_error({{at.line, at.column, "syntax: " + text}}, name);
}

Error bare_letter(std::string_view text, std::size_t at, const std::string& name) {
  const std::string_view before = text.substr(0, at);
  const auto line = static_cast<std::uint32_t>(1 + std::ranges::count(before, '\n'));
  const auto column = static_cast<std::uint32_t>(at - (before.rfind('\n') + 1) + 1);
  const std::string shown = quoted(text.substr(at, 16), 1);
  return as_error({{line, column, "syntax: \"" + shown + "\" stands outside quotes"}}, name);
}

std::string reason(int number) {
  switch (number) {
    case ENOENT:
      return "no such file";
    case EACCES:
      return "permission denied";
    case EISDIR:
      return "is a directory";
    default:
      return "error " + std::to_string(number) + " of the system";
  }
}

}  // namespace

Result<Config> parse(std::string_view text, const std::string& name) {
  const std::string shown = quoted(name, 200);
  if (text.size() > file_bytes_max) {
    return fail(Code::bad_usage,
                shown + ": longer than " + std::to_string(file_bytes_max) + " bytes");
  }
  if (const auto bare = find_bare_letter(text)) return Failure(bare_letter(text, *bare, shown));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return Failure(syntax_error(parsed.error(), shown));
  File file;
  Config config = file.take(parsed.table());
  const auto complaints = file.complaints();
  if (!complaints.empty()) return Failure(as_error(complaints, shown));
  return config;
}

Result<Config> load(const std::string& path) {
  if (path.empty()) return Config{};
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    const int why = errno;
    const Code code = why == EACCES ? Code::not_permitted : Code::not_found;
    return fail(code, "read " + quoted(path, 200) + ": " + reason(why));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse(text, path);
}

}  // namespace cox::config
