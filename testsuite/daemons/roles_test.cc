// docs/roles.md, line by line: every request with every role, over the controller's Unix socket and
// over TCP with MUNGE. Each asker is a process of that user. What counts is whether the controller
// says "not permitted"; what else may be wrong with a request does not.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>
#include <optional>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"
#include "testsuite/daemons/own_munge.h"

namespace cox::daemons {
namespace {

/// The columns of the table, and users that have the role.
struct Asker {
  const char* role;
  std::uint32_t uid;
};

constexpr Asker askers[] = {
    {"read-only", 64'001}, {"user", 64'002}, {"operator", 64'003}, {"administrator", 64'004}};
constexpr std::uint32_t somebody = 64'010;
constexpr const char* role_lines =
    "read_only = [64001]\noperators = [64003]\nadministrators = [64004]\n";

struct Line {
  std::string request;
  std::map<std::string, bool> may;  // by role
};

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> found;
  for (const auto cell : split(line, '|')) found.emplace_back(trim(cell));
  return found;
}

/// The table as people read it.
std::vector<Line> table() {
  std::ifstream file(COX_GOLDEN_DIR "/../../docs/roles.md");
  std::vector<Line> lines;
  std::vector<std::string> roles;
  for (std::string text; std::getline(file, text);) {
    if (!text.starts_with("|") || text.starts_with("|-")) continue;
    const auto parts = cells(text);
    if (roles.empty()) {
      roles = parts;
      continue;
    }
    Line& line = lines.emplace_back();
    line.request = parts.at(1);
    for (std::size_t i = 2; i + 1 < parts.size(); ++i) {
      EXPECT_TRUE(parts[i] == "yes" || parts[i] == "no") << text;
      line.may[roles.at(i)] = parts[i] == "yes";
    }
  }
  return lines;
}

class Roles : public ::testing::TestWithParam<Transport> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "other users need root";
    if (GetParam() == Transport::tcp_with_munge) {
      munge_.emplace();
      if (!munge_->runs()) GTEST_SKIP() << "munge is not installed or cannot be started here";
    }
    cluster_.emplace(ClusterOptions{
        .nodes = 1, .transport = GetParam(), .emulated = false, .cluster = role_lines});
  }

  /// A job that waits and belongs to `uid`.
  std::uint64_t waiting_job(std::uint32_t uid) {
    Client root = cluster_->client();
    const auto id = root.submit(cluster_->job("true").held().as(uid));
    made_.push_back(id);
    return id;
  }

  wire::ClientRequest on_job(wire::JobAction::Kind kind, std::uint32_t owner) {
    wire::ClientRequest request;
    request.mutable_job_action()->set_kind(kind);
    request.mutable_job_action()->add_jobs(waiting_job(owner));
    return request;
  }

  wire::ClientRequest update_of(std::uint32_t uid) {
    wire::ClientRequest request = on_job(wire::JobAction::UPDATE, uid);
    request.mutable_job_action()->mutable_changes()->set_comment("other");
    return request;
  }

  wire::ClientRequest on_node(wire::NodeAction::Kind kind) {
    wire::ClientRequest request;
    request.mutable_node_action()->set_kind(kind);
    request.mutable_node_action()->set_names("n1");
    request.mutable_node_action()->set_why("a test");
    return request;
  }

  wire::ClientRequest on_partition(wire::PartitionAction::Kind kind) {
    wire::ClientRequest request;
    request.mutable_partition_action()->set_kind(kind);
    request.mutable_partition_action()->add_names("batch");
    request.mutable_partition_action()->set_why("a test");
    return request;
  }

  wire::ClientRequest on_config(wire::ConfigAction::Kind kind) {
    wire::ClientRequest request;
    request.mutable_config_action()->set_kind(kind);
    request.mutable_config_action()->set_name("cox.toml");
    request.mutable_config_action()->set_text("[cluster]\n" + std::string(role_lines));
    return request;
  }

  wire::ClientRequest submit(std::int32_t nice, std::uint32_t uid) {
    Job job = cluster_->job("true").held();
    if (uid != 0) job.as(uid);
    wire::ClientRequest request;
    *request.mutable_submit() = job.message();
    request.mutable_submit()->mutable_request()->set_nice(nice);
    request.mutable_submit()->set_dry_run(true);
    return request;
  }

  /// The request that a line of the table means, made anew for each asker.
  wire::ClientRequest request_of(const std::string& line, std::uint32_t asker) {
    using Job = wire::JobAction;
    using Config = wire::ConfigAction;
    wire::ClientRequest request;
    if (line == "status") request.mutable_status();
    if (line == "queue") request.mutable_list_jobs();
    if (line == "why") request.mutable_explain_job()->set_job(1);
    if (line == "history") request.mutable_history_query();
    if (line == "nodes") request.mutable_list_nodes();
    if (line == "partitions") request.mutable_list_partitions();
    if (line == "submit") request = submit(0, 0);
    if (line == "submit with nice below 0") request = submit(-1, 0);
    if (line == "submit as another") request = submit(0, somebody);
    if (line == "hold own job") request = on_job(Job::HOLD, asker);
    if (line == "cancel own job") request = on_job(Job::CANCEL, asker);
    if (line == "update own job") request = update_of(asker);
    if (line == "update another's job") request = update_of(somebody);
    if (line == "hold another's job") request = on_job(Job::HOLD, somebody);
    if (line == "release another's job") request = on_job(Job::RELEASE, somebody);
    if (line == "requeue another's job") request = on_job(Job::REQUEUE, somebody);
    if (line == "cancel another's job") request = on_job(Job::CANCEL, somebody);
    if (line == "node drain") request = on_node(wire::NodeAction::DRAIN);
    if (line == "node resume") request = on_node(wire::NodeAction::RESUME);
    if (line == "partition down") request = on_partition(wire::PartitionAction::DOWN);
    if (line == "partition up") request = on_partition(wire::PartitionAction::UP);
    if (line == "config show") request = on_config(Config::SHOW);
    if (line == "config check") request = on_config(Config::CHECK);
    if (line == "config plan") request = on_config(Config::PLAN);
    if (line == "config apply") request = on_config(Config::APPLY);
    if (line == "config history") request = on_config(Config::HISTORY);
    if (line == "config rollback") request = on_config(Config::ROLLBACK);
    // Refused while a job waits, by whoever may ask.
    if (line == "shut down") request.mutable_shutdown();
    EXPECT_NE(request.body_case(), wire::ClientRequest::BODY_NOT_SET) << line;
    return request;
  }

  /// The code of the answer, 0 for a good one, as a process of `uid` gets it.
  int code_for(std::uint32_t uid, const wire::ClientRequest& request) const {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(100);
      Client client = cluster_->client_with_key("");
      const auto reply = client.ask(request);
      if (!reply) ::_exit(static_cast<int>(reply.error().code));
      const auto& errors = reply->done().errors();
      ::_exit(errors.empty() ? 0 : static_cast<int>(errors[0].error().code()));
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
  }

  void try_line(const Line& line) {
    for (const Asker& asker : askers) {
      const int code = code_for(asker.uid, request_of(line.request, asker.uid));
      EXPECT_LT(code, 100) << line.request;
      EXPECT_NE(code, static_cast<int>(Code::unreachable)) << line.request;
      const bool may = code != static_cast<int>(Code::not_permitted);
      EXPECT_EQ(may, line.may.at(asker.role)) << asker.role << ": " << line.request << ": " << code;
    }
  }

  std::optional<OwnMunge> munge_;
  std::optional<Cluster> cluster_;
  std::vector<std::uint64_t> made_;
};

TEST_P(Roles, may_do_what_the_table_says) {
  const auto lines = table();
  ASSERT_GE(lines.size(), 20U);
  waiting_job(somebody);
  for (const Line& line : lines) try_line(line);
  Client root = cluster_->client();
  root.act_on_node(wire::NodeAction::RESUME, "n1");
  for (const std::uint64_t job : made_) root.act(wire::JobAction::CANCEL, job);
  cluster_->expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Connections,
                         Roles,
                         ::testing::Values(Transport::unix_sockets, Transport::tcp_with_munge),
                         [](const auto& one) {
                           return std::string(one.param == Transport::unix_sockets ? "unix"
                                                                                   : "tcp");
                         });

}  // namespace
}  // namespace cox::daemons
