// The supervisors of this node: forked by the nursery with one end of a socket pair, or found again
// at their sockets in the steps folder after a restart of the daemon. They outlive this process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "link/link.h"
#include "model/ids.h"
#include "noded/agent/request.h"
#include "noded/attempt_names.h"
#include "noded/log.h"
#include "noded/nursery.h"
#include "noded/paths.h"
#include "platform/loop.h"

namespace cox::noded {

/// What the daemon hears of supervisors.
struct SupervisorEvents {
  std::function<void(agent::SupervisorStatus)> status;
  std::function<void(agent::SupervisorGone)> gone;
  std::function<void(const StepKey&)> died;  // before gone: it did not end by itself
};

class Supervisors {
 public:
  /// `program`: coxstepd. `is_guarded`: no cgroup holds its tasks; each gets a guard.
  Supervisors(platform::Loop& loop,
              const Log& log,
              const AttemptNames& names,
              const Paths& paths,
              std::string program,
              bool is_guarded,
              SupervisorEvents events);

  /// Makes the first start quick.
  void prepare();
  /// Starts the supervisor of `key` and sends it `start`, encoded. Its pid. error: why not
  Result<int> spawn(const StepKey& key, const std::string& start);
  /// Sends to a supervisor; one that is not there (any more) needs no message.
  void send(const StepKey& key, const std::string& message);
  /// To every supervisor of the attempt that is there and speaks at least `protocol`.
  void send_attempt(AttemptKey attempt, const std::string& message, std::uint32_t protocol = 1);
  /// To every supervisor that speaks at least `protocol`.
  void send_all(const std::string& message, std::uint32_t protocol);
  /// SIGKILL to the supervisor itself.
  void kill(const StepKey& key);

  /// Whether a session is that of supervisors.
  bool have_session(int session) const { return nursery_.has_session(session); }

  /// Connects to every socket in the steps folder that is not connected yet; `done` gets the steps
  /// that answer, also those of earlier calls, after their states were told. Sockets without a
  /// listener are removed.
  void adopt(std::function<void(const std::set<StepKey>& alive)> done);

 private:
  // Under way until each supervisor found has told its state, or none came in time.
  struct Adoption {
    std::size_t left = 0;
    std::function<void(const std::set<StepKey>&)> done;
  };

  struct One {
    std::shared_ptr<link::Link> link;
    std::shared_ptr<Adoption> adoption;  // until it told its state
    int pid = 0;
    std::uint64_t start_ticks = 0;  // of that process; 0: it had ended before anybody looked
    int guard = 0;  // of one that was adopted: its parent, which may outlive it for a moment
    bool is_child = false;  // it, or its guard
    bool is_exited = false;
    bool is_closed = false;
    std::string why;
  };

  void listen_to(const StepKey& key, std::shared_ptr<link::Link> link);
  Result<void> watch(const StepKey& key, int pid);
  void child_exited(const StepKey& key, const platform::ChildExit& exit);
  void await_guard(const StepKey& key, std::uint32_t looks_left);
  void frames_came(const StepKey& key, const std::vector<std::string>& frames);
  void link_closed(const StepKey& key);
  void drop(const StepKey& key);
  void adopt_one(const StepKey& key, std::shared_ptr<Adoption> adoption);
  void adoption_answered(std::shared_ptr<Adoption> adoption);
  std::set<StepKey> alive() const;

  platform::Loop& loop_;
  const Log& log_;
  const AttemptNames& names_;
  const Paths& paths_;
  Nursery nursery_;
  SupervisorEvents events_;
  std::map<StepKey, One> all_;
  std::vector<std::shared_ptr<link::Link>> retired_;  // until their callbacks have returned
};

}  // namespace cox::noded
