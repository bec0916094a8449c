// The world of the supervisor's tests.
#include "noded/stepd/stepd_world.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "platform/file.h"
#include "platform/process.h"
#include "wire/model_codec.h"

namespace cox::stepd {
namespace {

using namespace std::string_literals;

constexpr Duration absurdly_long = seconds(60);
constexpr std::uint32_t ordinary_uid = 65534;
const std::string access_key(32, 'k');

UserIdentity ordinary_user() {
  UserIdentity user;
  user.uid = ::geteuid() == 0 ? ordinary_uid : ::geteuid();
  user.gid = ::geteuid() == 0 ? ordinary_uid : ::getegid();
  user.groups = {user.gid};
  user.name = "tester";
  user.home = "/";
  user.shell = "/bin/sh";
  return user;
}

}  // namespace

void Voice::say_go(const std::vector<std::string>& endpoints) const {
  wire::StepMessage message;
  message.mutable_go()->mutable_endpoints()->Assign(endpoints.begin(), endpoints.end());
  say(message);
}

void Voice::say_end(EndCause cause) const {
  wire::StepMessage message;
  message.mutable_end()->set_cause(static_cast<std::uint32_t>(cause));
  say(message);
}

void Voice::say_lease(Duration left, Duration kill_wait) const {
  wire::StepMessage message;
  message.mutable_lease()->set_left_us(left.us);
  message.mutable_lease()->set_kill_wait_us(kill_wait.us);
  say(message);
}

void Voice::say_forget() const {
  wire::StepMessage message;
  message.mutable_forget();
  say(message);
}

void Voice::say_input(const std::string& data, bool eof) const {
  wire::StepMessage message;
  message.mutable_input()->set_data(data);
  message.mutable_input()->set_eof(eof);
  say(message);
}

StepResult Voice::result() const {
  return statuses.empty() ? StepResult() : *wire::take(statuses.back().result());
}

World::World() : user_(ordinary_user()) {
  auto loop = platform::Loop::open();
  EXPECT_TRUE(loop);
  loop_ = std::move(*loop);
  EXPECT_EQ(::chmod(scratch_.path().c_str(), 0755), 0);
  EXPECT_EQ(::mkdir(work().c_str(), 0755), 0);
  EXPECT_EQ(::mkdir((scratch_ / "steps-w").c_str(), 0755), 0);
  run_tasks_as(user_);
}

// Whatever a test left behind: supervisors, and with them their tasks.
World::~World() {
  for (Stepd& stepd : supervisors_) {
    if (!stepd.exited) {
      stepd.parent.say_end(EndCause::cancelled);
      stepd.parent.say_end(EndCause::cancelled);
      stepd.parent.say_forget();
      ::kill(stepd.pid, SIGCONT);
    }
  }
  for (Voice& voice : voices_) {
    vanish(voice);
  }
  // What nobody came for would be kept for a minute, while there is a daemon.
  for (Stepd& stepd : supervisors_) {
    vanish(stepd.parent);
    if (!stepd.exited) ::kill(stepd.pid, SIGTERM);
  }
  until([&] {
    return std::all_of(supervisors_.begin(), supervisors_.end(),
                       [](const Stepd& stepd) { return stepd.exited; });
  });
}

void World::run_tasks_as(const UserIdentity& user) {
  user_ = user;
  EXPECT_EQ(::chown(work().c_str(), user.uid, user.gid), 0);
}

bool World::until(const std::function<bool()>& done) {
  if (done()) {
    return true;
  }
  done_ = done;
  bool late = false;
  const auto timer = loop_->after(absurdly_long, [&] {
    late = true;
    loop_->stop();
  });
  // Files have no event here, so there is a short look now and then.
  platform::TimerId look_timer = 0;
  const std::function<void()> look = [&] {
    if (done_ && done_()) {
      loop_->stop();
    } else {
      look_timer = loop_->after(milliseconds(2), look);
    }
  };
  look();
  loop_->run();
  loop_->cancel(look_timer);
  loop_->cancel(timer);
  done_ = nullptr;
  return !late;
}

std::string World::file(const std::string& name) const {
  return platform::read_file(work() + "/" + name, std::size_t{64} << 20).value_or("(no file)");
}

void World::make_directory(const std::string& name) const {
  const std::string path = work() + "/" + name;
  EXPECT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_EQ(::chown(path.c_str(), user_.uid, user_.gid), 0);
}

wire::StepStart World::batch(const std::string& script, const JobRequest& request) const {
  JobRequest job = request;
  JobCommon& common = job.common.edit();
  common.user = user_;
  common.directory = common.directory.empty() ? work() : common.directory;
  common.partitions = {"batch"};
  common.components.resize(1);
  job.name = "test";
  wire::StepStart start;
  start.set_job(12);
  start.set_attempt(1);
  wire::put(job, start.mutable_request());
  wire::StepSpec* spec = start.mutable_spec();
  spec->set_step(step_batch.value);
  spec->set_is_batch(true);
  spec->set_script(script);
  spec->set_environment("PATH=/usr/bin:/bin\0COX_JOB_ID=99\0SLURM_X=1"s);
  spec->set_key(access_key);
  spec->set_cpus_per_task(1);
  wire::StepNode* node = spec->add_nodes();
  node->set_name("n1");
  node->set_tasks(1);
  start.add_job_nodes("n1");
  start.add_job_tasks(1);
  start.set_node_name("n1");
  start.set_kill_wait_us(30'000'000);
  start.set_tmp_dir(work());
  start.set_controller("/run/test.sock");
  return start;
}

wire::StepStart World::interactive(const std::vector<std::string>& argv,
                                   const std::vector<std::uint32_t>& tasks_per_node,
                                   std::uint32_t node_index,
                                   const StepRequest& request) const {
  wire::StepStart start = batch("");
  StepRequest step = request;
  step.argv = argv;
  step.mpi = MpiKind::none;
  wire::StepSpec* spec = start.mutable_spec();
  spec->set_step(0);
  spec->set_is_batch(false);
  wire::put(step, spec->mutable_request());
  spec->clear_nodes();
  std::uint32_t first = 0;
  for (std::uint32_t index = 0; index < tasks_per_node.size(); ++index) {
    wire::StepNode* node = spec->add_nodes();
    node->set_name("n" + std::to_string(index + 1));
    node->set_tasks(tasks_per_node[index]);
    node->set_first_task(first);
    first += tasks_per_node[index];
  }
  spec->set_node_index(node_index);
  start.set_node_name("n" + std::to_string(node_index + 1));
  return start;
}

std::string World::next_socket() const {
  return scratch_ / ("steps-w/" + std::to_string(supervisors_.size() + 1) + ".0");
}

Stepd& World::spawn(const wire::StepStart& start, const std::string& program) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const platform::Descriptor theirs(ends[1]);
  const std::string socket = next_socket();
  Stepd& stepd = supervisors_.emplace_back();
  stepd.socket = socket;
  platform::SpawnRequest request;
  request.program = program.empty() ? COXSTEPD_PATH : program;
  request.argv = {"coxstepd", stepd.socket};
  request.directory = "/";
  request.descriptors = {{2, 2}, {3, theirs.get()}};
  request.new_session = true;
  auto spawned = platform::spawn(request);
  EXPECT_TRUE(spawned) << spawned.error().message;
  stepd.pid = spawned->pid;
  EXPECT_TRUE(loop_->on_child_exit(stepd.pid, [this, &stepd](const platform::ChildExit&) {
    stepd.exited = true;
    if (done_ && done_()) {
      loop_->stop();
    }
  }));
  stepd.parent.link = *link::adopt(*loop_, ends[0]);
  listen_to(stepd.parent);
  wire::StepMessage message;
  *message.mutable_start() = start;
  stepd.parent.say(message);
  return stepd;
}

Stepd& World::launch(const wire::StepStart& start) {
  Stepd& stepd = spawn(start);
  EXPECT_TRUE(until([&] { return stepd.parent.phase() >= 1; }));
  EXPECT_EQ(stepd.parent.statuses.back().failure(), "");
  stepd.parent.say_go();
  return stepd;
}

Voice& World::connect(const Stepd& stepd, wire::PeerKind kind) {
  Voice& voice = voices_.emplace_back();
  platform::Address address;
  address.path = stepd.socket;
  link::Trust trust;
  trust.key = access_key;
  link::connect(*loop_, address, trust, kind, "test", seconds(20),
                [this, &voice](Result<std::shared_ptr<link::Link>> opened) {
                  voice.failed = !opened;
                  if (opened) {
                    voice.link = std::move(*opened);
                    listen_to(voice);
                  }
                  if (done_ && done_()) {
                    loop_->stop();
                  }
                });
  EXPECT_TRUE(until([&] { return voice.link != nullptr || voice.failed; }));
  EXPECT_FALSE(voice.failed);
  return voice;
}

Voice& World::attach(const Stepd& stepd, bool as_owner) {
  Voice& voice = connect(stepd, wire::PEER_CLIENT);
  wire::StepMessage message;
  message.mutable_attach()->set_owner(as_owner);
  if (voice.link) voice.say(message);
  return voice;
}

void World::vanish(Voice& voice) {
  if (voice.link && !voice.closed) {
    voice.link->close();
    voice.closed = true;
  }
}

void World::listen_to(Voice& voice) {
  voice.link->on_frames([this, &voice](std::vector<std::string> frames) {
    for (const std::string& frame : frames) {
      hear(voice, frame);
    }
    if (done_ && done_()) {
      loop_->stop();
    }
  });
  voice.link->on_closed([this, &voice](const Error&) {
    voice.closed = true;
    if (done_ && done_()) {
      loop_->stop();
    }
  });
}

void World::hear(Voice& voice, const std::string& frame) {
  wire::StepMessage message;
  ASSERT_TRUE(message.ParseFromString(frame));
  if (message.has_status()) {
    voice.statuses.push_back(message.status());
  } else if (message.has_output()) {
    auto& texts = message.output().stream() == 1 ? voice.output : voice.error;
    texts[message.output().task()] += message.output().data();
  } else if (message.has_told()) {
    voice.told.push_back(message.told().text());
  } else if (message.has_exit()) {
    voice.exit = *wire::take(message.exit().result());
  }
}

}  // namespace cox::stepd
