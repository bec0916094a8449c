// Drives real supervisors in tests: as their node daemon, as a later daemon, and as their clients.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/link.h"
#include "model/job_request.h"
#include "model/outcome.h"
#include "platform/loop.h"
#include "platform/scratch_dir.h"
#include "wire/step.pb.h"

namespace cox::stepd {

/// StepStatus.phase, as wire/step.proto numbers it.
constexpr std::uint32_t prepared = 1, running = 2, ended = 3;

/// One end of a conversation with a supervisor, and all that was heard.
struct Voice {
  std::shared_ptr<link::Link> link;
  bool failed = false;  // could not connect
  bool closed = false;
  std::vector<wire::StepStatus> statuses;
  std::map<std::uint32_t, std::string> output, error;  // per task
  std::vector<std::string> told;                       // for those who want to know more
  std::optional<StepResult> exit;

  void say(const wire::StepMessage& message) const { link->send(message.SerializeAsString()); }

  void say_go(const std::vector<std::string>& endpoints = {}) const;
  void say_end(EndCause cause) const;
  void say_lease(Duration left, Duration kill_wait) const;
  void say_forget() const;
  void say_input(const std::string& data, bool eof) const;

  /// The newest phase heard; 0 before the first.
  std::uint32_t phase() const { return statuses.empty() ? 0 : statuses.back().phase(); }

  StepResult result() const;
};

/// One coxstepd process.
struct Stepd {
  int pid = 0;
  bool exited = false;
  std::string socket;
  Voice parent;
};

class World {
 public:
  World();
  ~World();

  /// Runs the loop until `done`; false when that takes absurdly long.
  bool until(const std::function<bool()>& done);

  /// A directory of the tasks' user.
  std::string work() const { return scratch_ / "work"; }

  std::string file(const std::string& name) const;

  void make_directory(const std::string& name) const;  // the user's own

  std::uint32_t uid() const { return user_.uid; }

  void run_tasks_as(const UserIdentity& user);

  /// A plan with one node; the caller changes what it likes.
  wire::StepStart batch(const std::string& script, const JobRequest& request = {}) const;
  wire::StepStart interactive(const std::vector<std::string>& argv,
                              const std::vector<std::uint32_t>& tasks_per_node,
                              std::uint32_t node_index = 0,
                              const StepRequest& request = {}) const;

  /// Where the supervisor that is spawned next will listen.
  std::string next_socket() const;
  Stepd& spawn(const wire::StepStart& start, const std::string& program = "");
  /// Starts, waits for "prepared" and says go.
  Stepd& launch(const wire::StepStart& start);
  Voice& connect(const Stepd& stepd, wire::PeerKind kind);
  Voice& attach(const Stepd& stepd, bool as_owner = true);
  void vanish(Voice& voice);

 private:
  void listen_to(Voice& voice);
  void hear(Voice& voice, const std::string& frame);

  platform::ScratchDir scratch_;
  UserIdentity user_;
  std::unique_ptr<platform::Loop> loop_;
  std::list<Stepd> supervisors_;
  std::list<Voice> voices_;
  std::function<bool()> done_;
};

}  // namespace cox::stepd
