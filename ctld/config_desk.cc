// Plan, apply, roll back, show, history.
#include "ctld/config_desk.h"

#include <utility>

#include "common/node_list.h"
#include "common/text.h"
#include "config/changes.h"
#include "core/job/array.h"
#include "core/job/permission.h"
#include "core/schedule/settings_effects.h"
#include "ctld/log.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr std::size_t jobs_named_of_a_group = 1000;
constexpr const char* controller_name = "coxctld";

void put(const config::Change& from, wire::ConfigChange* to) {
  to->set_table(from.table);
  to->set_key(from.key);
  to->set_from(from.from);
  to->set_to(from.to);
}

void put(const core::State& state, const core::StrandedJobs& group, wire::StrandedJobs* to) {
  to->set_count(group.jobs.size());
  to->set_user(group.user);
  to->set_why(group.why);
  for (const JobId job : group.jobs) {
    if (to->jobs_size() == static_cast<int>(jobs_named_of_a_group)) break;
    to->add_jobs(job.value);
    to->add_names(core::job_name(*state.find_job(job)));
  }
}

void put(const core::State& state, const core::SettingsEffects& from, wire::ConfigReply* to) {
  for (const core::NodeMove& move : from.moves) {
    auto* added = to->add_moves();
    added->set_nodes(fold_node_list(move.nodes));
    added->set_from(join(move.from, ","));
    added->set_to(join(move.to, ","));
  }
  for (const core::NodeShort& one : from.shorts) {
    auto* added = to->add_shorts();
    added->set_node(one.node);
    added->set_why(one.why);
  }
  for (const core::StrandedJobs& group : from.stranded) put(state, group, to->add_stranded());
  for (const core::StrandedJobs& group : from.orphaned) put(state, group, to->add_orphaned());
  for (const core::StrandedJobs& group : from.lasting) put(state, group, to->add_lasting());
}

/// Keys that are no Settings, or stay as they were at the start, as changes of the file.
std::vector<config::Change> changes_at_start(const config::Config& before,
                                             const config::Config& after) {
  std::vector<config::Change> changes;
  const auto compare = [&](const char* table, const char* key, const auto& from, const auto& to) {
    if (from != to) changes.push_back({table, key, from, to});
  };
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  compare("cluster", "name", before.settings.cluster, after.settings.cluster);
  compare("cluster", "auth", before.settings.auth, after.settings.auth);
  compare("cluster", "state_dir", before.state_dir, after.state_dir);
  compare("cluster", "controller", join(before.listen, ","), join(after.listen, ","));
  compare("cluster", "root_from_nodes", flag(before.root_from_nodes), flag(after.root_from_nodes));
  compare("history", "checkpoint_facts", std::to_string(before.checkpoint_facts),
          std::to_string(after.checkpoint_facts));
  return changes;
}

/// Applied by whom, and why, as a sentence for the log.
std::string revision_text(const core::Record& record) {
  std::string text = "revision " + std::to_string(record.revision);
  if (record.revisions.empty()) return text;
  const core::AppliedSettings& last = record.revisions.back();
  text += " of " + to_utc_text(last.at);
  return last.who.empty() ? text : text + " by " + last.who;
}

std::string_view word_of(wire::ConfigAction::Kind kind) {
  switch (kind) {
    case wire::ConfigAction::CHECK:
      return "check";
    case wire::ConfigAction::PLAN:
      return "plan";
    case wire::ConfigAction::APPLY:
      return "apply";
    case wire::ConfigAction::HISTORY:
      return "history";
    case wire::ConfigAction::ROLLBACK:
      return "rollback";
    default:
      return "action";
  }
}

Result<void> check_text(const wire::ConfigAction& action) {
  if (action.why().size() > wire::text_bytes_max) {
    return fail(Code::bad_usage, "the reason is too long");
  }
  if (action.why().find('\0') != std::string::npos) {
    return fail(Code::bad_usage, "the reason holds a NUL byte");
  }
  if (action.text().size() <= config::file_bytes_max) return {};
  return fail(Code::bad_usage, quoted(action.name()) + ": longer than " +
                                   std::to_string(config::file_bytes_max) + " bytes");
}

}  // namespace

Result<void> ConfigDesk::start(const config::Config& config,
                               const StartFile& file,
                               const std::function<void(const std::string&)>& note) {
  at_start_ = config;
  const bool is_first = record().revision == 0;
  Settings settings = is_first || file.replaces ? config.settings : record().settings;
  settings.cluster = config.settings.cluster;
  settings.auth = config.settings.auth;
  if (!file.name.empty() && !(settings == config.settings)) {
    note(file.name + " is not the configuration in force, " + revision_text(record()) +
         ", which stays; cox config plan FILE shows the difference, cox config apply FILE makes it "
         "so");
  }
  std::string why = is_first ? "the first start" : "a start";
  if (!file.name.empty()) why += " with " + file.name;
  const Caller own{0, 0, Role::administrator};
  return ask(core::ApplySettings{own, std::move(settings), controller_name, why});
}

void ConfigDesk::act(const wire::ConfigAction& action,
                     const Caller& caller,
                     const std::string& who,
                     Done done) {
  if (action.kind() == wire::ConfigAction::SHOW) return done(show());
  const std::string doing = "config " + std::string(word_of(action.kind()));
  if (auto may = core::require_administrator(caller, doing); !may) {
    return done(Failure(may.error()));
  }
  if (auto checked = check_text(action); !checked) return done(Failure(checked.error()));
  switch (action.kind()) {
    case wire::ConfigAction::HISTORY:
      return done(history());
    case wire::ConfigAction::ROLLBACK:
      return done(roll_back(action, caller, who));
    case wire::ConfigAction::CHECK:
    case wire::ConfigAction::PLAN:
    case wire::ConfigAction::APPLY:
      break;
    default:
      return done(fail(Code::bad_usage,
                       "config action " + std::to_string(action.kind()) + " is not known"));
  }
  const bool is_apply = action.kind() == wire::ConfigAction::APPLY;
  const std::uint64_t request = RequestScope::current();
  const auto read = [=, this](const Result<config::Config>& config) {
    const RequestScope scope(request);
    if (!config) return done(Failure(config.error()));
    done(is_apply ? apply(*config, action, caller, who) : plan(*config));
  };
  if (configs_ != nullptr) return configs_->read_config(action.text(), action.name(), read);
  read(config::parse(action.text(), action.name()));
}

Settings ConfigDesk::applicable(const config::Config& config) const {
  Settings settings = config.settings;
  settings.cluster = record().settings.cluster;
  settings.auth = record().settings.auth;
  return settings;
}

Result<wire::ClientReply> ConfigDesk::show() const {
  wire::ClientReply reply;
  wire::ConfigReply* to = reply.mutable_config();
  to->set_revision(record().revision);
  // With what the start read: who applies it again, or starts with it, loses nothing.
  config::Config whole = at_start_;
  whole.settings = record().settings;
  to->set_text(config::to_toml(whole));
  wire::put(record().settings, to->mutable_settings());
  return reply;
}

Result<wire::ClientReply> ConfigDesk::history() const {
  wire::ClientReply reply;
  wire::ConfigReply* to = reply.mutable_config();
  to->set_revision(record().revision);
  const auto& all = record().revisions;
  for (std::size_t i = all.size(); i-- > 0;) {
    auto* added = to->add_revisions();
    added->set_revision(all[i].revision);
    added->set_at_us(all[i].at.us);
    added->set_by(all[i].by);
    added->set_who(all[i].who);
    added->set_why(all[i].why);
    added->set_is_first(i == 0);
    if (i == 0) continue;
    for (const auto& change : config::changes_between(all[i - 1].settings, all[i].settings)) {
      put(change, added->add_changes());
    }
  }
  return reply;
}

Result<wire::ClientReply> ConfigDesk::plan(const config::Config& config) const {
  if (configs_ != nullptr) {
    if (auto made = configs_->make_policies(config.settings); !made) return Failure(made.error());
  }
  wire::ClientReply reply;
  wire::ConfigReply* to = reply.mutable_config();
  const Settings settings = applicable(config);
  to->set_revision(record().revision);
  for (const std::string& warning : config.warnings) to->add_warnings(warning);
  for (const auto& change : config::changes_between(record().settings, settings)) {
    put(change, to->add_changes());
  }
  for (const auto& change : changes_at_start(at_start_, config)) put(change, to->add_at_start());
  put(machine_.state(), core::effects_of(machine_.state(), machine_.now(), settings), to);
  return reply;
}

Result<wire::ClientReply> ConfigDesk::apply(const config::Config& config,
                                            const wire::ConfigAction& action,
                                            const Caller& caller,
                                            const std::string& who) {
  auto reply = plan(config);
  if (!reply) return reply;
  if (auto done = ask(core::ApplySettings{caller, applicable(config), who, action.why()}); !done) {
    return Failure(done.error());
  }
  reply->mutable_config()->set_revision(record().revision);
  return reply;
}

Result<wire::ClientReply> ConfigDesk::roll_back(const wire::ConfigAction& action,
                                                const Caller& caller,
                                                const std::string& who) {
  const Settings before = record().settings;
  const core::RollBackSettings request{caller, action.revision(), who, action.why()};
  const auto facts = core::decide(machine_.state(), machine_.contact(), machine_.now(), request);
  if (!facts) return Failure(facts.error());
  wire::ClientReply reply;
  wire::ConfigReply* to = reply.mutable_config();
  // Whom it is about is seen before it is so.
  for (const core::Fact& fact : *facts) {
    const auto* applied = std::get_if<core::SettingsApplied>(&fact);
    if (applied == nullptr) continue;
    put(machine_.state(), core::effects_of(machine_.state(), machine_.now(), applied->settings),
        to);
  }
  if (auto done = ask(request); !done) return Failure(done.error());
  to->set_revision(record().revision);
  for (const auto& change : config::changes_between(before, record().settings)) {
    put(change, to->add_changes());
  }
  return reply;
}

/// All or nothing: policies that cannot be made refuse the whole before anything is asked.
Result<void> ConfigDesk::ask(const core::Request& request) {
  auto facts = core::decide(machine_.state(), machine_.contact(), machine_.now(), request);
  if (!facts) return Failure(facts.error());
  for (const core::Fact& fact : *facts) {
    const auto* applied = std::get_if<core::SettingsApplied>(&fact);
    if (applied == nullptr || configs_ == nullptr) continue;
    if (auto made = configs_->make_policies(applied->settings); !made) {
      return Failure(made.error());
    }
  }
  if (auto asked = machine_.ask(request); !asked) return asked;
  if (auto used = use_policies(); !used) return used;
  if (!facts->empty() && changed_) changed_();
  return {};
}

Result<void> ConfigDesk::use_policies() {
  const Settings& settings = record().settings;
  if (configs_ == nullptr || (settings.select == select_ && settings.priority == priority_)) {
    return {};
  }
  auto policies = configs_->make_policies(settings);
  if (!policies) return Failure(policies.error());
  machine_.use_policies(*policies);
  select_ = settings.select;
  priority_ = settings.priority;
  return {};
}

}  // namespace cox::ctld
