// The real coxnoded and coxstepd against a controller played by the test: a Unix socket and the
// messages of wire/node.proto. Nothing sleeps; a watchdog ends a test that hangs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/text.h"
#include "link/link.h"
#include "noded/paths.h"
#include "noded/stepd/begin_mark.h"
#include "platform/file.h"
#include "platform/loop.h"
#include "platform/mark.h"
#include "platform/process.h"
#include "platform/scratch_dir.h"
#include "wire/model_codec.h"
#include "wire/node.pb.h"

namespace cox::noded {
namespace {

constexpr Duration watchdog = seconds(30);

// A process that ends with the test at the latest.
class Process {
 public:
  explicit Process(const platform::SpawnRequest& request) {
    auto spawned = platform::spawn(request);
    EXPECT_TRUE(spawned) << (spawned ? "" : spawned.error().message);
    if (spawned) pid_ = spawned->pid;
  }

  ~Process() { end(SIGTERM); }

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The exit code, or 128 + signal.
  int end(int signal) {
    if (pid_ <= 0) return -1;
    ::kill(pid_, signal);
    return wait();
  }

  int wait() {
    const auto status = platform::wait_for(pid_);
    pid_ = 0;
    return status ? platform::exit_code_of(*status) : -1;
  }

  int pid() const { return pid_; }

 private:
  int pid_ = 0;
};

class Controller {
 public:
  Controller() : loop_(std::move(*platform::Loop::open())) {
    platform::Address address;
    address.path = dir_ / "ctld.sock";
    const auto listening = link::listen(
        *loop_, address, 0600, link::Trust{},
        [this](std::shared_ptr<link::Link> link) { accept(std::move(link)); },
        [](const Error& error) { ADD_FAILURE() << error.message; });
    EXPECT_TRUE(listening);
    loop_->after(watchdog, [this] {
      is_late_ = true;
      loop_->stop();
    });
  }

  // Serves until `done` holds; false when the watchdog bit.
  bool run_until(std::function<bool()> done) {
    done_ = std::move(done);
    while (!done_() && !is_late_) loop_->run();
    return !is_late_;
  }

  bool run_until_registered() {
    const std::size_t before = registers_.size();
    return run_until([this, before] { return registers_.size() > before; });
  }

  bool run_until_closed() {
    return run_until([this] { return !closed_.empty(); });
  }

  std::unique_ptr<Process> start_node() { return std::make_unique<Process>(node_request()); }

  // Where root would have cgroups, it finds an empty directory in their place.
  std::unique_ptr<Process> start_node_without_cgroups() {
    platform::SpawnRequest request = node_request();
    if (::geteuid() == 0) {
      request.argv.front() = request.program;
      request.argv.insert(request.argv.begin(),
                          {"unshare", "-m", "/bin/sh", "-c",
                           "mount -t tmpfs none /sys/fs/cgroup && exec \"$@\"", "sh"});
      request.program = "/usr/bin/unshare";
    }
    return std::make_unique<Process>(request);
  }

  bool has_process_groups() const {
    return registers_.back().inventory().containment().starts_with("process groups");
  }

  platform::SpawnRequest node_request() const {
    platform::SpawnRequest request;
    request.program = COXNODED_PATH;
    request.argv = {"coxnoded", "--dir", dir_.path(), "--name", "n1", "--log-file", dir_ / "log"};
    request.environment = platform::current_environment();
    request.descriptors = {{2, 2}};
    return request;
  }

  void send(wire::ControllerMessage message) {
    message.set_epoch(1);
    message.set_session(session_);
    if (link_) link_->send(message.SerializeAsString());
  }

  // A batch job of one core that runs `script` at once.
  void run_job(std::uint64_t job, const std::string& script, Uid uid = ::geteuid()) {
    JobRequest request;
    JobCommon& common = request.common.edit();
    common.user = {uid, ::getegid(), {}, uid == ::geteuid() ? "" : "nobody-here", "/", "/bin/sh"};
    common.user.name = common.user.name.empty() ? std::to_string(uid) : common.user.name;
    request.name = "test";
    common.directory = dir_.path();
    common.output = dir_ / "job.out";
    common.partitions = {"batch"};
    common.components.emplace_back();
    wire::ControllerMessage message;
    wire::Prepare* prepare = message.mutable_prepare();
    prepare->set_job(job);
    prepare->set_attempt(1);
    wire::put(request, prepare->mutable_request());
    wire::put(share(), prepare->mutable_share());
    prepare->add_job_nodes("n1");
    prepare->add_job_tasks(1);
    prepare->set_go_at_once(true);
    prepare->set_submit_dir(dir_.path());
    wire::StepSpec* spec = prepare->mutable_initial();
    spec->set_step(step_batch.value);
    wire::put(StepRequest{}, spec->mutable_request());
    spec->set_script("#!/bin/sh\n" + script + "\n");
    wire::StepNode* node = spec->add_nodes();
    node->set_name("n1");
    node->set_tasks(1);
    spec->set_key(std::string(32, 'k'));
    spec->set_is_batch(true);
    spec->set_cpus_per_task(1);
    spec->set_time_left_us(duration_unlimited.us);
    send(message);
  }

  void close_job(std::uint64_t job) {
    wire::ControllerMessage message;
    message.mutable_close()->set_job(job);
    message.mutable_close()->set_attempt(1);
    message.mutable_close()->set_cause(static_cast<std::uint32_t>(EndCause::cancelled));
    send(message);
  }

  void acknowledge(std::uint64_t job) {
    wire::ControllerMessage message;
    message.mutable_closed_ack()->set_job(job);
    message.mutable_closed_ack()->set_attempt(1);
    send(message);
  }

  // Acknowledges the closing and sees everything of the job go.
  bool finish(std::uint64_t job) {
    acknowledge(job);
    const std::string key = std::to_string(job) + ".1";
    return run_until_exists("attempts-n1/" + key, false) &&
           run_until_exists("tmp-n1/" + key, false) &&
           run_until_exists("steps-n1/" + key + ".4294967280", false);
  }

  void drop_node() {
    link_->close();
    link_.reset();
  }

  std::string file(const std::string& name) const {
    const auto text = platform::read_file(dir_ / name, 1 << 20);
    return text ? *text : std::string();
  }

  bool exists(const std::string& name) const { return platform::path_exists(dir_ / name); }

  // Until a file that a job or the daemon writes is there, or gone.
  bool run_until_exists(const std::string& name, bool wanted = true) {
    return run_until_seen([this, name, wanted] { return exists(name) == wanted; });
  }

  bool run_until_seen(const std::function<bool()>& seen) {
    look_again();
    const bool is_seen = run_until(seen);
    looks_ = false;
    return is_seen;
  }

  const platform::ScratchDir& dir() const { return dir_; }

  std::vector<wire::Register> registers_;
  std::vector<wire::Prepared> prepared_;
  std::vector<wire::Closed> closed_;

 private:
  void accept(std::shared_ptr<link::Link> link) {
    link_ = std::move(link);
    link_->on_frames([this](std::vector<std::string> frames) {
      for (const std::string& frame : frames) take(frame);
    });
    link_->on_closed([this](const Error&) { link_.reset(); });
  }

  void take(const std::string& frame) {
    wire::NodeMessage message;
    ASSERT_TRUE(message.ParseFromString(frame));
    if (message.has_register_()) {
      registers_.push_back(message.register_());
      ++session_;
      wire::ControllerMessage reply;
      reply.mutable_registered()->set_cluster("test");
      reply.mutable_registered()->set_kill_wait_us(seconds(2).us);
      send(reply);
    }
    if (message.has_prepared()) prepared_.push_back(message.prepared());
    if (message.has_closed()) closed_.push_back(message.closed());
    if (done_ && done_()) loop_->stop();
  }

  // Files have no event here; the look is short and ends with the watchdog.
  void look_again() {
    looks_ = true;
    loop_->after(milliseconds(2), [this] {
      if (!looks_) return;
      if (done_ && done_()) {
        loop_->stop();
      } else {
        look_again();
      }
    });
  }

  NodeShare share() const {
    NodeShare share;
    const auto inventory = wire::take(registers_.back().inventory());
    share.cores = Bitset(inventory->node_class.cores.size());
    share.cores.set(0);
    share.memory_mib.assign(inventory->memory_mib.size(), 0);
    share.memory_mib[0] = 64;
    share.tasks = 1;
    return share;
  }

  platform::ScratchDir dir_;
  std::unique_ptr<platform::Loop> loop_;
  std::shared_ptr<link::Link> link_;
  std::function<bool()> done_;
  std::uint64_t session_ = 0;
  bool is_late_ = false;
  bool looks_ = false;
};

TEST(NodeDaemon, registers_what_the_machine_is) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  const auto inventory = wire::take(controller.registers_[0].inventory());
  ASSERT_TRUE(inventory) << inventory.error().message;
  EXPECT_EQ(inventory->name, "n1");
  EXPECT_FALSE(inventory->node_class.cores.empty());
  EXPECT_EQ(inventory->node_class.hash, wire::hash_class(inventory->node_class));
  EXPECT_FALSE(inventory->containment.empty());
  EXPECT_EQ(node->end(SIGTERM), 0);
}

TEST(NodeDaemon, a_second_daemon_of_the_same_node_is_refused) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  EXPECT_EQ(controller.start_node()->wait(), 1);
}

TEST(NodeDaemon, a_batch_job_runs_and_leaves_nothing_behind) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7,
                     "echo hello; test -d \"$COX_TMPDIR\" || exit 9; touch $COX_TMPDIR/x; exit 3");
  ASSERT_TRUE(controller.run_until_closed());
  const auto result = wire::take(controller.closed_[0].batch_result());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 3) << result->detail;
  EXPECT_EQ(controller.file("job.out"), "hello\n");
  EXPECT_TRUE(controller.finish(7));
}

// The node's folder among the cgroups is named after its run directory.
TEST(NodeDaemon, Trap19_no_cgroup_directory_is_left_when_the_daemon_stops) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  const auto groups = [&] {
    const auto hash = wire::hash_bytes(controller.dir().path());
    const std::string name =
        "coxswain-" + to_hex({reinterpret_cast<const char*>(hash.bytes.data()), 4});
    std::vector<std::string> found;
    for (const char* hierarchy : {"memory/", "cpuset/", "freezer/", ""}) {
      const std::string path = std::string("/sys/fs/cgroup/") + hierarchy + "coxswain/" + name;
      if (platform::path_exists(path)) found.push_back(path);
    }
    return found;
  };
  controller.run_job(7, "exit 0");
  ASSERT_TRUE(controller.run_until_closed());
  const bool has_cgroups = controller.registers_[0].inventory().containment().find("cgroup v") == 0;
  EXPECT_EQ(!groups().empty(), has_cgroups);
  EXPECT_TRUE(controller.finish(7));
  EXPECT_EQ(node->end(SIGTERM), 0);
  EXPECT_TRUE(groups().empty()) << groups().front();
}

TEST(NodeDaemon, a_job_is_closed_on_request) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "touch started; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("started"));
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

TEST(NodeDaemon, a_job_outlives_its_daemon_and_is_adopted_by_the_next) {
  Controller controller;
  auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "touch started; until test -e go; do sleep 0.01; done; echo done; exit 4");
  ASSERT_TRUE(controller.run_until_exists("started"));
  node->end(SIGKILL);
  node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  ASSERT_EQ(controller.registers_.back().held_size(), 1);
  EXPECT_EQ(controller.registers_.back().held(0).job(), 7U);
  EXPECT_FALSE(controller.registers_.back().held(0).closing());
  ASSERT_TRUE(platform::write_file_atomic(controller.dir() / "go", ""));
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(controller.closed_[0].batch_result().exit_code(), 4);
  EXPECT_EQ(controller.file("job.out"), "done\n");
  EXPECT_TRUE(controller.finish(7));
}

/// A node whose daemon was killed when it had noted job 7 and nothing else: its supervisor is not
/// there, and the mark says what it came to, or there is none.
class NotedJob : public ::testing::Test {
 protected:
  void restart_with_note(const std::string& mark) {
    auto node = controller_.start_node();
    ASSERT_TRUE(controller_.run_until_registered());
    controller_.run_job(7, "touch started; sleep 1000");
    ASSERT_TRUE(controller_.run_until_exists("started"));
    EXPECT_EQ(*platform::read_mark(mark_), stepd::begun_word);
    const std::string note = controller_.file("attempts-n1/7.1");
    controller_.close_job(7);
    ASSERT_TRUE(controller_.run_until_closed());
    ASSERT_TRUE(controller_.finish(7));
    ASSERT_TRUE(controller_.run_until_seen([&] { return !platform::read_mark(mark_); }));
    node->end(SIGKILL);
    controller_.closed_.clear();
    ASSERT_TRUE(platform::write_file_atomic(controller_.dir() / "attempts-n1/7.1", note));
    if (!mark.empty()) {
      ASSERT_TRUE(*platform::set_mark(mark_, mark));
    }
    node_ = controller_.start_node();
    ASSERT_TRUE(controller_.run_until_registered());
    ASSERT_EQ(controller_.registers_.back().held_size(), 1);
  }

  Controller controller_;
  std::string mark_ = controller_.dir() / ("begun-n1/7.1." + std::to_string(step_batch.value));
  std::unique_ptr<Process> node_;
};

TEST_F(NotedJob, that_never_began_is_a_failed_start_and_will_not_begin_later) {
  restart_with_note("");
  EXPECT_FALSE(controller_.registers_.back().held(0).closing());
  ASSERT_TRUE(controller_.run_until([&] { return !controller_.prepared_.empty(); }));
  EXPECT_TRUE(controller_.prepared_[0].failed());
  EXPECT_TRUE(controller_.prepared_[0].node_at_fault());
  controller_.close_job(7);
  ASSERT_TRUE(controller_.run_until_closed());
  EXPECT_FALSE(controller_.closed_[0].has_batch_result());
  EXPECT_TRUE(controller_.finish(7));
  EXPECT_EQ(*platform::read_mark(mark_), stepd::given_up_word);
}

TEST_F(NotedJob, that_began_is_lost) {
  restart_with_note(stepd::begun_word);
  EXPECT_TRUE(controller_.registers_.back().held(0).closing());
  ASSERT_TRUE(controller_.run_until_closed());
  EXPECT_EQ(static_cast<EndCause>(controller_.closed_[0].batch_result().cause()),
            EndCause::supervisor_lost);
  EXPECT_TRUE(controller_.finish(7));
  EXPECT_TRUE(controller_.run_until_seen([&] { return !platform::read_mark(mark_); }));
}

TEST(NodeDaemon, a_result_waits_for_a_daemon_and_for_an_acknowledgement) {
  Controller controller;
  auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "exit 5");
  ASSERT_TRUE(controller.run_until_closed());
  node->end(SIGKILL);
  controller.closed_.clear();
  node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  EXPECT_TRUE(controller.registers_.back().held(0).closing());
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(controller.closed_[0].batch_result().exit_code(), 5);
  EXPECT_TRUE(controller.finish(7));
}

TEST(NodeDaemon, tasks_of_a_killed_supervisor_are_killed_and_the_job_is_told_lost) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7,
                     "echo $PPID > parent.new; mv parent.new parent; echo $$ > task; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("task"));
  const int supervisor = std::stoi(controller.file("parent"));
  ASSERT_GT(supervisor, 1);
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(static_cast<EndCause>(controller.closed_[0].batch_result().cause()),
            EndCause::supervisor_lost);
  const int task = std::stoi(controller.file("task"));
  EXPECT_FALSE(platform::is_running(task)) << task;
  controller.acknowledge(7);
  EXPECT_TRUE(controller.run_until_exists("attempts-n1/7.1", false));
}

// It leaves its session, its parent and its environment, and so every sign by which it was found.
constexpr const char* leaves_a_stray = R"((setsid env -i sh -c '
  (setsid env -i sh -c "echo \$\$ > inner.new; mv inner.new inner; exec sleep 1000" &)
  echo $$ > stray.new; mv stray.new stray; exec sleep 1000' &)
while [ ! -e inner ] || [ ! -e stray ]; do sleep 0.01; done
echo $PPID > parent.new; mv parent.new parent; sleep 1000)";

/// Of job 7, whose supervisor is killed.
void expect_strays_killed(Controller& controller) {
  controller.run_job(7, leaves_a_stray);
  ASSERT_TRUE(controller.run_until_exists("parent"));
  ::kill(std::stoi(controller.file("parent")), SIGKILL);
  ASSERT_TRUE(controller.run_until_closed());
  for (const char* name : {"stray", "inner"}) {
    const int stray = std::stoi(controller.file(name));
    EXPECT_TRUE(controller.run_until_seen([&] { return !platform::is_running(stray); })) << name;
    ::kill(stray, SIGKILL);
  }
}

TEST(NodeDaemon, a_stray_of_a_killed_supervisor_is_killed_also_without_cgroups) {
  Controller controller;
  const auto node = controller.start_node_without_cgroups();
  ASSERT_TRUE(controller.run_until_registered());
  if (!controller.has_process_groups()) GTEST_SKIP() << "this user has cgroups";
  controller.run_job(8, "echo $$ > other.new; mv other.new other; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("other"));
  ASSERT_NO_FATAL_FAILURE(expect_strays_killed(controller));
  // Nothing else is: neither the nursery, a child in another session too, nor what it forked.
  EXPECT_TRUE(platform::is_running(std::stoi(controller.file("other"))));
  controller.acknowledge(7);
  controller.closed_.clear();
  controller.close_job(8);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(static_cast<EndCause>(controller.closed_[0].batch_result().cause()),
            EndCause::cancelled);
  EXPECT_TRUE(controller.finish(8));
}

// The children of a daemon that has run nothing else are few: none of them may be overlooked.
TEST(NodeDaemon, a_stray_of_the_first_supervisor_is_killed_as_well) {
  Controller controller;
  const auto node = controller.start_node_without_cgroups();
  ASSERT_TRUE(controller.run_until_registered());
  if (!controller.has_process_groups()) GTEST_SKIP() << "this user has cgroups";
  ASSERT_NO_FATAL_FAILURE(expect_strays_killed(controller));
  controller.acknowledge(7);
  EXPECT_TRUE(controller.run_until_exists("attempts-n1/7.1", false));
}

TEST(NodeDaemon, a_lost_connection_is_made_again_with_what_is_held) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "touch started; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("started"));
  controller.drop_node();
  ASSERT_TRUE(controller.run_until_registered());
  ASSERT_EQ(controller.registers_.back().held_size(), 1);
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

TEST(NodeDaemon, a_user_that_is_not_here_is_named) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "true", 54321);
  ASSERT_TRUE(controller.run_until([&] { return !controller.prepared_.empty(); }));
  EXPECT_TRUE(controller.prepared_[0].failed());
  EXPECT_FALSE(controller.prepared_[0].node_at_fault());
  EXPECT_NE(controller.prepared_[0].failure().find("54321"), std::string::npos)
      << controller.prepared_[0].failure();
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

// A later daemon would not know such an attempt, and would end its tasks as nobody's.
TEST(NodeDaemon, an_attempt_that_cannot_be_written_down_is_not_started) {
  Controller controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  const std::string attempts = controller.dir() / "attempts-n1";
  ASSERT_EQ(::rmdir(attempts.c_str()), 0);
  controller.run_job(7, "touch started");
  ASSERT_TRUE(controller.run_until(
      [&] { return !controller.prepared_.empty() || !controller.closed_.empty(); }));
  ASSERT_FALSE(controller.prepared_.empty());
  EXPECT_TRUE(controller.prepared_[0].failed());
  EXPECT_TRUE(controller.prepared_[0].node_at_fault());
  EXPECT_NE(controller.prepared_[0].failure().find("attempts-n1/7.1"), std::string::npos)
      << controller.prepared_[0].failure();
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
  EXPECT_FALSE(controller.exists("started"));
}

}  // namespace
}  // namespace cox::noded
