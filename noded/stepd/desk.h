// Where the supervisor is spoken to: the pair of sockets it was started with, and its endpoint.
// Decides who may say what; what is said goes to the Supervisor.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "link/link.h"
#include "noded/stepd/supervisor.h"
#include "platform/loop.h"

namespace cox::wire {
class StepLease;
class StepMessage;
}  // namespace cox::wire

namespace cox::stepd {

class Desk {
 public:
  /// `socket_path`: our endpoint, made when the plan has come.
  Desk(platform::Loop& loop, std::string socket_path);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// The node daemon that started us. Its end before StepStart ends us, later it does not.
  void serve_parent(std::shared_ptr<link::Link> link);
  /// By signal: the step ends as one whose supervisor was lost. Without a daemon to tell it to,
  /// we go with it.
  void terminate();

 private:
  enum class Role { unknown, daemon, leaf, client };

  struct Visitor {
    std::shared_ptr<link::Link> link;
    Role role = Role::unknown;
    std::uint32_t node = 0;  // of a leaf
  };

  void welcome(std::shared_ptr<link::Link> link);
  void on_frame(Visitor& visitor, const std::string& frame);
  void introduce(Visitor& visitor, const wire::StepMessage& message);
  void on_closed(const link::Link* key);
  void warn(const std::string& what) const;
  void drop(Visitor& visitor, const char* why);

  void from_daemon(const wire::StepMessage& message);
  void start(const wire::StepMessage& message);
  void take_lease(const wire::StepLease& lease);
  Result<void> listen(const StepPlan& plan);
  void send_status();
  void leave_if_nobody_asks();
  void watch_socket();

  platform::Loop& loop_;
  std::string socket_path_;
  std::string tcp_endpoint_;
  bool listening_ = false;
  bool is_terminated_ = false;
  std::unique_ptr<Supervisor> supervisor_;
  std::shared_ptr<link::Link> daemon_;  // the newest
  std::map<const link::Link*, Visitor> visitors_;
  platform::TimerId socket_timer_ = 0;
};

}  // namespace cox::stepd
