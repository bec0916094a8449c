// sshare: shares and usage of accounts and users, from the tree by which the controller orders
// jobs.
#include <algorithm>
#include <array>
#include <cstdio>

#include "cmds/client/terminal.h"
#include "cmds/slurm/columns.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sshare_locals {
namespace {

constexpr std::array table = {
    Option{"accounts", 'A', "LIST", exact, ""},
    Option{"all", 'a', "", about, "users who have submitted"},
    Option{"clusters", 'M', "LIST", exact, ""},
    Option{"cluster", 0, "LIST", exact, "", "clusters"},
    Option{"format", 'o', "LIST", exact, ""},
    Option{"help", 0, "", exact, ""},
    Option{"helpformat", 'e', "", exact, ""},
    Option{"json", 0, "", refused, later},
    Option{"long", 'l', "", exact, ""},
    Option{"noheader", 'n', "", exact, ""},
    Option{"parsable", 'p', "", exact, ""},
    Option{"parsable2", 'P', "", exact, ""},
    Option{"partition", 'm', "", exact, ""},
    Option{"usage", 0, "", exact, ""},
    Option{"users", 'u', "LIST", exact, ""},
    Option{"Users", 'U', "", exact, ""},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
    Option{"yaml", 0, "", refused, later},
};

struct Line {
  const wire::ShareView& view;
  const wire::ShareList& list;
  std::string cluster;

  bool is_user() const { return !view.user().empty(); }

  bool is_root() const { return view.depth() == 0; }
};

std::string fraction(double part, double whole) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.6f", whole == 0 ? 0.0 : part / whole);
  return text.data();
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

/// One blank for each level; a user without an account has none to show.
std::string account(const Line& l) {
  if (l.is_root()) return "root";
  if (l.view.account().empty()) return "";
  return std::string(l.view.depth(), ' ') + l.view.account();
}

std::string norm_shares(const Line& l) {
  if (l.is_root()) return fraction(1, 1);
  return fraction(static_cast<double>(l.view.shares()),
                  static_cast<double>(l.view.shares_beside()));
}

double effective(const Line& l) {
  if (l.is_root()) return 1;
  const auto whole = static_cast<double>(l.view.usage_beside());
  return whole == 0 ? 0 : static_cast<double>(l.view.usage()) / whole;
}

std::string fair_share(const Line& l) {
  if (!l.is_user() || !l.list.counts()) return "";
  return fraction(static_cast<double>(l.view.of() - l.view.above()),
                  static_cast<double>(l.view.of()));
}

std::string level(const Line& l) {
  if (l.is_root()) return "";
  const double used = effective(l);
  if (used == 0) return l.view.shares() == 0 ? "0.000000" : "inf";
  return fraction(static_cast<double>(l.view.shares()),
                  static_cast<double>(l.view.shares_beside()) * used);
}

std::string nothing(const Line& /*l*/) {
  return "";
}

struct Field {
  const char* name;
  int width;
  Parity parity;
  std::string (*text)(const Line& line);
};

constexpr std::array fields = {
    Field{"Account", -20, exact, account},
    Field{"Cluster", 10, exact, [](const Line& l) { return l.cluster; }},
    Field{"EffectvUsage", 13, exact, [](const Line& l) { return fraction(effective(l), 1); }},
    Field{"FairShare", 10, exact, fair_share},
    Field{"GrpTRESMins", 30, about, nothing},
    Field{"GrpTRESRaw", 30, about, nothing},
    Field{"ID", 6, about, nothing},
    Field{"LevelFS", 10, exact, level},
    Field{"NormShares", 11, exact, norm_shares},
    Field{"NormUsage", 11, exact,
          [](const Line& l) {
            return fraction(static_cast<double>(l.view.usage()),
                            static_cast<double>(l.list.usage()));
          }},
    Field{"Partition", 12, about, nothing},
    Field{"RawShares", 10, exact,
          [](const Line& l) { return l.is_root() ? std::string() : number(l.view.shares()); }},
    Field{"RawUsage", 11, exact, [](const Line& l) { return number(l.view.usage()); }},
    Field{"TRESRunMins", 30, about, nothing},
    Field{"User", 10, exact, [](const Line& l) { return l.view.user(); }},
};

constexpr const char* usual = "Account,User,RawShares,NormShares,RawUsage,EffectvUsage,FairShare";
constexpr const char* usual_long =
    "Account,User,RawShares,NormShares,RawUsage,NormUsage,EffectvUsage,FairShare,LevelFS,"
    "GrpTRESMins,TRESRunMins";

Options options() {
  return table;
}

std::vector<FieldName> field_names() {
  return names_of(fields);
}

/// Whose lines are shown. Of the users those who ask, unless others are named.
struct Filter {
  std::vector<std::string> accounts, users;
  bool all_users = false, only_users = false;

  bool keeps(const Line& line) const {
    if (!accounts.empty() && !is_in(accounts, line.view.account())) return false;
    if (!line.is_user()) return !only_users && (accounts.empty() || !line.is_root());
    return all_users || is_in(users, line.view.user());
  }
};

Result<Filter> read_filter(const Words& given) {
  Filter filter;
  filter.accounts = list_parts(given.value("accounts"));
  auto users = user_names(given.value("users"));
  if (!users) return Failure(users.error());
  filter.users = std::move(*users);
  filter.all_users = given.has("all");
  filter.only_users = given.has("Users");
  if (filter.users.empty()) filter.users = {own_user_name()};
  return filter;
}

Result<int> run(const Words& given) {
  const std::vector<ColumnKnown> known = columns_of(fields);
  if (given.has("helpformat")) {
    const auto printed = print(columns_text(known));
    return printed ? Result<int>(0) : Failure(printed.error());
  }
  if (!given.operands.empty()) {
    return fail(Code::bad_usage, "Unrecognized option: " + quoted(given.operands.front()));
  }
  const std::string format = given.has("format") ? given.value("format")
                             : given.has("long") ? usual_long
                                                 : usual;
  const auto columns = read_columns(format, known);
  if (!columns) return Failure(columns.error());
  const auto filter = read_filter(given);
  if (!filter) return Failure(filter.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto cluster = own_cluster(*session);
  if (!cluster) return Failure(cluster.error());
  if (const auto checked = check_clusters(*session, given); !checked) {
    return Failure(checked.error());
  }
  wire::ClientRequest request;
  request.mutable_list_shares();
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  const ColumnLayout layout(given);
  std::string text = given.has("noheader") ? "" : layout.header(*columns, known);
  for (const wire::ShareView& view : reply->shares().shares()) {
    const Line line{view, reply->shares(), *cluster};
    if (!filter->keeps(line)) continue;
    std::vector<std::string> texts;
    for (const ColumnAsked& column : *columns) texts.push_back(fields[column.field].text(line));
    text += layout.line(*columns, texts);
  }
  const auto printed = print(text);
  return printed ? Result<int>(0) : Failure(printed.error());
}

}  // namespace
}  // namespace sshare_locals

const Tool sshare_tool{
    "sshare",          "[OPTIONS]", sshare_locals::options, Stop::never, sshare_locals::field_names,
    sshare_locals::run};

}  // namespace cox::cmds::slurm
