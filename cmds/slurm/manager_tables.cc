// See manager_tables.h. A user's associations are the accounts that list the user; one that lists
// nobody is everybody's, and so also that of whoever asks.
#include "cmds/slurm/manager_tables.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "cmds/slurm/columns.h"
#include "cmds/slurm/text.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::array user_fields = {
    EntityField{"User", 10, "user", true},
    EntityField{"Def Acct", 10, "defaultaccount", true},
    EntityField{"Admin", 9, "adminlevel", true},
    EntityField{"Cluster", 10, "cluster", false},
    EntityField{"Account", 10, "account", false},
    EntityField{"Partition", 10, "partition", false},
    EntityField{"Share", 9, "share", false},
    EntityField{"QOS", 20, "qos", false},
    EntityField{"Def QOS", 9, "defaultqos", false},
};
constexpr std::array association_fields = {
    EntityField{"Cluster", 10, "cluster", true},
    EntityField{"Account", 10, "account", true},
    EntityField{"User", 10, "user", true},
    EntityField{"Partition", 10, "partition", true},
    EntityField{"Share", 9, "share", true},
    EntityField{"ParentName", 10, "parentname", false},
    EntityField{"MaxJobs", 7, "maxjobs", true},
    EntityField{"MaxSubmit", 9, "maxsubmitjobs", true},
    EntityField{"MaxWall", 11, "maxwalldurationperjob", true},
    EntityField{"QOS", 20, "qos", true},
    EntityField{"Def QOS", 9, "defaultqos", true},
};
constexpr std::array account_fields = {
    EntityField{"Account", 10, "account", true},
    EntityField{"Descr", 20, "description", true},
    EntityField{"Org", 20, "organization", true},
};
constexpr std::array cluster_fields = {
    EntityField{"Cluster", 10, "cluster", true},
    EntityField{"ControlHost", 15, "controlhost", true, about},
    EntityField{"ControlPort", 12, "controlport", true, about},
    EntityField{"RPC", 5, "rpc", true, about},
};
constexpr std::array qos_fields = {
    EntityField{"Name", 10, "name", true},
    EntityField{"Priority", 10, "priority", true},
};
constexpr std::array tres_fields = {
    EntityField{"Type", 8, "type", true},
    EntityField{"Name", 15, "name", true},
    EntityField{"ID", 6, "id", true},
};

std::string qos_names(const wire::Settings& settings) {
  std::vector<std::string> names;
  for (const wire::QosSettings& one : settings.qos()) names.push_back(one.name());
  return join(names, ",");
}

/// One association of a user.
struct Association {
  std::string user, account, parent, share;
};

std::vector<Association> associations(const wire::Settings& settings) {
  std::vector<Association> all;
  for (const wire::AccountSettings& account : settings.accounts()) {
    if (account.users().empty()) {
      all.push_back({own_user_name(), account.name(), account.parent(), "parent"});
    }
    for (const wire::UserShares& user : account.users()) {
      all.push_back({user.user(), account.name(), account.parent(), std::to_string(user.shares())});
    }
  }
  return all;
}

/// The first account that lists the user.
std::string default_account(const std::vector<Association>& all, const std::string& user) {
  const auto found = std::ranges::find(all, user, &Association::user);
  return found == all.end() ? "" : found->account;
}

std::string admin_level(const wire::Settings& settings, const std::string& user) {
  const auto lists = [&](const auto& members) {
    return std::ranges::any_of(members, [&](const auto& one) { return one.name() == user; });
  };
  if (user == "root" || lists(settings.administrators())) return "Administrator";
  return lists(settings.operators()) ? "Operator" : "None";
}

std::vector<ManagerRow> user_rows(const wire::Settings& settings) {
  std::vector<ManagerRow> rows;
  const auto all = associations(settings);
  for (const Association& one : all) {
    rows.push_back({one.user, default_account(all, one.user), admin_level(settings, one.user),
                    settings.cluster(), one.account, "", one.share, qos_names(settings), ""});
  }
  return rows;
}

std::vector<ManagerRow> association_rows(const wire::Settings& settings) {
  std::vector<ManagerRow> rows;
  for (const wire::AccountSettings& account : settings.accounts()) {
    rows.push_back({settings.cluster(), account.name(), "", "", std::to_string(account.shares()),
                    account.parent(), "", "", "", qos_names(settings), ""});
  }
  for (const Association& one : associations(settings)) {
    rows.push_back({settings.cluster(), one.account, one.user, "", one.share, one.parent, "", "",
                    "", qos_names(settings), ""});
  }
  return rows;
}

std::vector<ManagerRow> account_rows(const wire::Settings& settings) {
  std::vector<ManagerRow> rows;
  for (const wire::AccountSettings& account : settings.accounts()) {
    rows.push_back({account.name(), account.name(), account.parent()});
  }
  return rows;
}

std::vector<ManagerRow> cluster_rows(const wire::Settings& settings) {
  return {{settings.cluster(), "", "", ""}};
}

std::vector<ManagerRow> qos_rows(const wire::Settings& settings) {
  std::vector<ManagerRow> rows;
  for (const wire::QosSettings& one : settings.qos()) {
    rows.push_back({one.name(), std::to_string(one.priority())});
  }
  return rows;
}

std::vector<ManagerRow> tres_rows(const wire::Settings& /*settings*/) {
  return {{"cpu", "", "1"}, {"mem", "", "2"}, {"node", "", "4"}, {"gres", "gpu", "1001"}};
}

constexpr std::array entities = {
    Entity{"user", user_fields, user_rows},
    Entity{"association", association_fields, association_rows},
    Entity{"account", account_fields, account_rows},
    Entity{"cluster", cluster_fields, cluster_rows},
    Entity{"qos", qos_fields, qos_rows},
    Entity{"tres", tres_fields, tres_rows},
};

std::string small(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

Result<const Entity*> find_entity(const std::string& word) {
  std::string name = small(word);
  if (name.size() > 3 && name.ends_with('s') && name != "qos" && name != "tres") name.pop_back();
  for (const Entity& entity : entities) {
    if (!name.empty() && std::string_view(entity.name).starts_with(name)) return &entity;
  }
  return fail(Code::bad_usage,
              "No valid entity in list command: account, association, cluster, qos, tres or user");
}

/// By any prefix of its name or of its heading.
Result<std::size_t> find_field(const Entity& entity, std::string_view word) {
  const std::string name = small(word);
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    const bool fits = std::string_view(entity.fields[i].words).starts_with(name) ||
                      small(entity.fields[i].name).starts_with(name);
    if (!name.empty() && fits) return i;
  }
  // What a user or an account of Slurm's has beyond, nobody has here.
  if (name == "names") return std::size_t{0};
  return fail(Code::bad_usage, "Unknown field '" + quoted(word) + "'");
}

Result<void> take_format(std::string_view text, Question* to) {
  to->fields.clear();
  to->widths.clear();
  for (const std::string& part : list_parts(text)) {
    const std::size_t percent = part.find('%');
    const auto field = find_field(*to->entity, std::string_view(part).substr(0, percent));
    if (!field) return Failure(field.error());
    int width = to->entity->fields[*field].width;
    if (percent != std::string::npos) {
      const auto given = parse_i64(std::string_view(part).substr(percent + 1));
      if (!given || std::abs(*given) > 65'536) {
        return fail(Code::bad_usage, "Invalid width in format: " + quoted(part));
      }
      width = static_cast<int>(*given);
    }
    to->fields.push_back(*field);
    to->widths.push_back(width);
  }
  return {};
}

void take_defaults(bool has_associations, Question* to) {
  for (std::size_t i = 0; i < to->entity->fields.size(); ++i) {
    const EntityField& field = to->entity->fields[i];
    if (!field.is_default && !has_associations) continue;
    to->fields.push_back(i);
    to->widths.push_back(field.width);
  }
}

std::string line(const Question& question,
                 const std::vector<std::string>& texts,
                 const Words& given) {
  std::vector<ColumnAsked> columns;
  for (std::size_t i = 0; i < texts.size(); ++i) columns.push_back({i, question.widths[i]});
  return ColumnLayout(given).line(columns, texts);
}

bool fits(const Question& question, const ManagerRow& row) {
  return std::ranges::all_of(question.wanted, [&](const auto& wanted) {
    return is_in(list_parts(wanted.second), row[wanted.first]);
  });
}

}  // namespace

std::span<const Entity> all_entities() {
  return entities;
}

Result<Question> read_question(const Words& given) {
  if (given.operands.size() < 2) return Failure(find_entity("").error());
  const auto entity = find_entity(given.operands[1]);
  if (!entity) return Failure(entity.error());
  Question question;
  question.entity = *entity;
  bool has_associations = given.has("associations");
  std::string format;
  for (std::size_t i = 2; i < given.operands.size(); ++i) {
    const std::string& word = given.operands[i];
    const std::size_t equals = word.find('=');
    const std::string name = small(std::string_view(word).substr(0, equals));
    if (equals == std::string::npos) {
      if (name == "where" || name == "set") continue;
      if (name.starts_with("witha")) {
        has_associations = true;
      } else if (!name.starts_with("with") && name != "tree" && name != "onlydefaults") {
        question.wanted.emplace_back(0, word);
      }
    } else if (name == "format") {
      format += (format.empty() ? "" : ",") + word.substr(equals + 1);
    } else {
      const auto field = find_field(**entity, name);
      if (!field) return Failure(field.error());
      question.wanted.emplace_back(*field, word.substr(equals + 1));
    }
  }
  take_defaults(has_associations, &question);
  if (format.empty()) return question;
  if (auto taken = take_format(format, &question); !taken) return Failure(taken.error());
  return question;
}

std::string answer(const Question& question, const wire::Settings& settings, const Words& given) {
  std::string text;
  const bool is_parsable = given.has("parsable") || given.has("parsable2");
  std::vector<std::string> names, dashes;
  for (std::size_t i = 0; i < question.fields.size(); ++i) {
    names.emplace_back(question.entity->fields[question.fields[i]].name);
    dashes.emplace_back(static_cast<std::size_t>(std::abs(question.widths[i])), '-');
  }
  if (!given.has("noheader")) {
    text += line(question, names, given);
    if (!is_parsable) text += line(question, dashes, given);
  }
  std::set<std::string>
      seen;  // users with several accounts have one line where these are not shown
  for (const ManagerRow& row : question.entity->rows(settings)) {
    if (!fits(question, row)) continue;
    std::vector<std::string> texts;
    for (const std::size_t field : question.fields) texts.push_back(row[field]);
    const std::string shown = line(question, texts, given);
    if (seen.insert(shown).second) text += shown;
  }
  return text;
}

}  // namespace cox::cmds::slurm
