// docs/roles.md, line by line: every request with every role, over the controller's Unix socket and
// over TCP with MUNGE. Each asker is a process of that user. What counts is whether the controller
// says "not permitted"; what else may be wrong with a request does not.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/text.h"
#include "model/ids.h"
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

  Client root_client() { return cluster_->client(); }

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

  /// Its limit is an hour.
  std::uint64_t running_job(std::uint32_t uid) {
    Client root = cluster_->client();
    Job job = cluster_->job("sleep 3600");
    job.seconds(3600).directory("/").output("/dev/null").as(uid);
    const auto id = root.submit(job);
    made_.push_back(id);
    EXPECT_TRUE(root.reaches(id, "RUNNING"));
    running_.push_back(id);
    return id;
  }

  wire::ClientRequest new_limit(std::uint32_t uid, std::int64_t seconds) {
    wire::ClientRequest request;
    request.mutable_job_action()->set_kind(wire::JobAction::UPDATE);
    request.mutable_job_action()->add_jobs(running_job(uid));
    request.mutable_job_action()->mutable_changes()->set_time_limit_us(seconds * 1'000'000);
    return request;
  }

  wire::ClientRequest release_of_operators_hold(std::uint32_t uid) {
    wire::ClientRequest request = on_job(wire::JobAction::RELEASE, uid);
    Client root = cluster_->client();
    EXPECT_TRUE(root.act(wire::JobAction::HOLD, made_.back()));
    return request;
  }

  wire::ClientRequest step_in(std::uint64_t job) {
    wire::ClientRequest request;
    request.mutable_create_step()->set_job(job);
    request.mutable_create_step()->mutable_request()->add_argv("true");
    request.mutable_create_step()->mutable_request()->set_tasks(1);
    return request;
  }

  /// The batch step: with it the job ends.
  wire::ClientRequest cancel_of_step(std::uint32_t uid) {
    wire::ClientRequest request;
    request.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
    request.mutable_job_action()->add_jobs(running_job(uid));
    request.mutable_job_action()->set_step(step_batch.value);
    request.mutable_job_action()->set_has_step(true);
    return request;
  }

  wire::ClientRequest processes_of(std::uint32_t uid) {
    wire::ClientRequest request;
    request.mutable_list_processes()->set_job(running_job(uid));
    return request;
  }

  /// A batch job has no terminal: it is refused to who may, for another reason.
  wire::ClientRequest attach_to(std::uint32_t uid) {
    wire::ClientRequest request;
    request.mutable_attach_step()->set_job(running_job(uid));
    return request;
  }

  wire::ClientRequest signal_to(std::uint32_t uid) {
    wire::ClientRequest request;
    request.mutable_job_action()->set_kind(wire::JobAction::SIGNAL);
    request.mutable_job_action()->add_jobs(running_job(uid));
    request.mutable_job_action()->set_signal(SIGCONT);
    return request;
  }

  wire::ClientRequest update_of(std::uint32_t uid) {
    wire::ClientRequest request = on_job(wire::JobAction::UPDATE, uid);
    request.mutable_job_action()->mutable_changes()->set_comment("other");
    return request;
  }

  wire::ClientRequest update_of_environment(std::uint32_t uid) {
    wire::ClientRequest request = on_job(wire::JobAction::UPDATE, uid);
    request.mutable_job_action()->mutable_changes()->set_environment(true);
    request.mutable_job_action()->mutable_changes()->add_variables("X=1");
    return request;
  }

  wire::ClientRequest update_of_files(std::uint32_t uid) {
    wire::ClientRequest request = on_job(wire::JobAction::UPDATE, uid);
    wire::JobChanges& changes = *request.mutable_job_action()->mutable_changes();
    changes.mutable_values()->set_output("other.out");
    changes.set_output(true);
    return request;
  }

  wire::ClientRequest update_of_directory(std::uint32_t uid) {
    wire::ClientRequest request = on_job(wire::JobAction::UPDATE, uid);
    wire::JobChanges& changes = *request.mutable_job_action()->mutable_changes();
    changes.mutable_values()->set_directory("/");
    changes.set_directory(true);
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

  wire::ClientRequest submit_many() {
    wire::ClientRequest request;
    wire::Submit& one = *request.mutable_submit_many()->add_jobs();
    one = submit(0, 0).submit();
    return request;
  }

  /// Lines about running jobs and their steps; nothing for others.
  wire::ClientRequest request_about_running(const std::string& line, std::uint32_t asker) {
    constexpr std::int64_t shorter = 1800, longer = 7200;
    wire::ClientRequest request;
    if (line == "shorten own running job") request = new_limit(asker, shorter);
    if (line == "lengthen own running job") request = new_limit(asker, longer);
    if (line == "lengthen another's running job") request = new_limit(somebody, longer);
    if (line == "step in own job") request = step_in(waiting_job(asker));
    if (line == "step in another's job") request = step_in(waiting_job(somebody));
    if (line == "processes of own job") request = processes_of(asker);
    if (line == "processes of another's job") request = processes_of(somebody);
    if (line == "attach to own job") request = attach_to(asker);
    if (line == "attach to another's job") request = attach_to(somebody);
    if (line == "signal own job") request = signal_to(asker);
    if (line == "signal another's job") request = signal_to(somebody);
    if (line == "cancel a step of own job") request = cancel_of_step(asker);
    if (line == "cancel a step of another's job") request = cancel_of_step(somebody);
    return request;
  }

  /// Of what only its owner chooses of a job.
  wire::ClientRequest request_of_choice(const std::string& line, std::uint32_t asker) {
    const std::uint32_t owner = line.starts_with("update own") ? asker : somebody;
    if (line.ends_with(", its environment")) return update_of_environment(owner);
    if (line.ends_with(", its files")) return update_of_files(owner);
    if (line.ends_with(", its directory")) return update_of_directory(owner);
    return request_about_running(line, asker);
  }

  /// The request that a line of the table means, made anew for each asker.
  wire::ClientRequest request_of(const std::string& line, std::uint32_t asker) {
    using Job = wire::JobAction;
    using Config = wire::ConfigAction;
    wire::ClientRequest request = request_of_choice(line, asker);
    if (line == "wait") request.mutable_wait_jobs()->add_jobs(ended_);
    if (line == "queue, watched") request.mutable_list_jobs()->set_watch(true);
    if (line == "submit many") request = submit_many();
    if (line == "submit and stay attached") {
      request = submit(0, 0);
      request.mutable_submit()->set_attach(true);
    }
    if (line == "release own job") request = on_job(Job::RELEASE, asker);
    if (line == "requeue own job") request = on_job(Job::REQUEUE, asker);
    // Those jobs are none: it is refused to who may, for another reason.
    if (line == "give back own allocation") request = on_job(Job::FINISH, asker);
    if (line == "give back another's allocation") request = on_job(Job::FINISH, somebody);
    if (line == "release own job that an operator holds") {
      request = release_of_operators_hold(asker);
    }
    if (line == "update own job, its dependency") {
      request = update_of(asker);
      request.mutable_job_action()->mutable_changes()->set_dependency("afterany:" +
                                                                      std::to_string(ended_));
    }
    if (line == "status") request.mutable_status();
    if (line == "queue") request.mutable_list_jobs();
    if (line == "why") request.mutable_explain_job()->set_job(1);
    if (line == "history") request.mutable_history_query();
    if (line == "nodes") request.mutable_list_nodes();
    if (line == "partitions") request.mutable_list_partitions();
    if (line == "snapshot") request.mutable_snapshot();
    if (line == "shares") request.mutable_list_shares();
    if (line == "licenses") request.mutable_list_licenses();
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
    // They wait: it is refused to who may, for another reason.
    if (line == "suspend own job") request = on_job(Job::SUSPEND, asker);
    if (line == "resume own job") request = on_job(Job::RESUME, asker);
    if (line == "suspend another's job") request = on_job(Job::SUSPEND, somebody);
    if (line == "resume another's job") request = on_job(Job::RESUME, somebody);
    if (line == "cancel another's job") request = on_job(Job::CANCEL, somebody);
    if (line == "node drain") request = on_node(wire::NodeAction::DRAIN);
    if (line == "node down") request = on_node(wire::NodeAction::DOWN);
    if (line == "node resume") request = on_node(wire::NodeAction::RESUME);
    if (line == "node reboot") request = on_node(wire::NodeAction::REBOOT);
    if (line == "join without a token") request.mutable_join()->set_node("n9");
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
      // Of a watched list the last reply never comes.
      const bool is_endless = request.list_jobs().watch();
      const auto sent = is_endless ? client.send(request) : Result<void>();
      const auto reply = is_endless && sent ? client.next() : client.ask(request);
      if (!reply) ::_exit(static_cast<int>(reply.error().code));
      const auto& errors =
          request.has_submit_many() ? reply->submitted_many().errors() : reply->done().errors();
      ::_exit(errors.empty() ? 0 : static_cast<int>(errors[0].error().code()));
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
  }

  void try_line(const Line& line) {
    for (const Asker& asker : askers) {
      const wire::ClientRequest request = request_of(line.request, asker.uid);
      note_kind(request);
      const int code = code_for(asker.uid, request);
      end_running();
      EXPECT_LT(code, 100) << line.request;
      EXPECT_NE(code, static_cast<int>(Code::unreachable)) << line.request;
      const bool may = code != static_cast<int>(Code::not_permitted);
      EXPECT_EQ(may, line.may.at(asker.role)) << asker.role << ": " << line.request << ": " << code;
    }
  }

  void end_running() {
    Client root = cluster_->client();
    for (const std::uint64_t job : std::exchange(running_, {})) {
      root.act(wire::JobAction::CANCEL, job);
      root.end_of(job);
    }
  }

  /// As the messages of client.proto name them.
  void note_kind(const wire::ClientRequest& request) {
    bodies_.insert(request.body_case());
    if (request.has_job_action()) kinds_["JobAction"].insert(request.job_action().kind());
    if (request.has_node_action()) kinds_["NodeAction"].insert(request.node_action().kind());
    if (request.has_partition_action()) {
      kinds_["PartitionAction"].insert(request.partition_action().kind());
    }
    if (request.has_config_action()) kinds_["ConfigAction"].insert(request.config_action().kind());
  }

  std::optional<OwnMunge> munge_;
  std::optional<Cluster> cluster_;
  std::vector<std::uint64_t> made_, running_;
  std::uint64_t ended_ = 0;  // a job
  std::set<int> bodies_;
  std::map<std::string, std::set<int>> kinds_;
};

/// Numbers in a block of client.proto that begins with `head`, within the message `message`.
std::set<int> numbers_in(const std::string& message, const std::string& head) {
  std::ifstream file(COX_GOLDEN_DIR "/../../wire/client.proto");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t begin = text.find(head, text.find("message " + message + " {"));
  const std::string block = text.substr(begin, text.find('}', begin) - begin);
  std::set<int> numbers;
  for (std::size_t at = block.find("= "); at != std::string::npos; at = block.find("= ", at + 1)) {
    numbers.insert(std::stoi(block.substr(at + 2)));
  }
  numbers.erase(0);  // NONE
  return numbers;
}

TEST_P(Roles, may_do_what_the_table_says) {
  const auto lines = table();
  ASSERT_GE(lines.size(), 20U);
  waiting_job(somebody);
  ended_ = root_client().submit(cluster_->job("true"));
  root_client().end_of(ended_);
  for (const Line& line : lines) try_line(line);
  EXPECT_EQ(bodies_, numbers_in("ClientRequest", "oneof body")) << "a request without a line";
  for (const auto& [message, kinds] : kinds_) {
    EXPECT_EQ(kinds, numbers_in(message, "enum Kind")) << message << " without a line";
  }
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
