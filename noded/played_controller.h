// The real coxnoded and coxstepd against a controller played by the test: a Unix socket and the
// messages of wire/node.proto. Nothing sleeps; a watchdog ends a test that hangs.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "link/link.h"
#include "platform/file.h"
#include "platform/loop.h"
#include "platform/process.h"
#include "platform/scratch_dir.h"
#include "wire/model_codec.h"
#include "wire/node.pb.h"

namespace cox::noded {

constexpr Duration watchdog = seconds(30);

/// A process that ends with the test at the latest.
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

/// The controller of one node, played by the test.
class PlayedController {
 public:
  PlayedController() : loop_(std::move(*platform::Loop::open())) {
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
    wire::put(programs_, prepare->mutable_programs());
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

  /// The path of a program that the administrator could have written.
  std::string add_program(const std::string& name, const std::string& script) const {
    const std::string path = dir_ / name;
    EXPECT_TRUE(platform::write_file_atomic(path, "#!/bin/sh\n" + script + "\n", {0755, false}));
    return path;
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
  ProgramSettings programs_;  // of the jobs that follow

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

}  // namespace cox::noded
