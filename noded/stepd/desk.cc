// Links of a supervisor.
#include "noded/stepd/desk.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "noded/stepd/begin_mark.h"
#include "noded/stepd/nursery.h"
#include "platform/file.h"
#include "platform/log_line.h"
#include "wire/model_codec.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr unsigned socket_mode = 0666;  // who may come is decided by uid and key
constexpr Duration socket_check = seconds(5);
constexpr std::int64_t lease_us_max = minutes(7 * 1440).us;  // as lost_after

// The kernel vouches for the uid of a peer on a Unix socket.
bool is_trusted(const wire::Peer& peer) {
  return peer.auth == wire::AUTH_PEERCRED && (peer.uid == 0 || peer.uid == ::geteuid());
}

bool is_daemon(const wire::Peer& peer) {
  return is_trusted(peer) && (peer.kind == wire::PEER_NODE || peer.kind == wire::PEER_DAEMON);
}

}  // namespace

Desk::Desk(platform::Loop& loop, std::string socket_path)
    : loop_(loop), socket_path_(std::move(socket_path)) {}

Desk::~Desk() {
  loop_.cancel(socket_timer_);
  if (listening_) {
    ::unlink(socket_path_.c_str());
  }
}

void Desk::serve_parent(std::shared_ptr<link::Link> link) {
  daemon_ = link;
  const link::Link* key = link.get();
  visitors_.emplace(key, Visitor{link, Role::daemon});
  link->on_frames([this, key](std::vector<std::string> frames) {
    for (const std::string& frame : frames) {
      if (const auto visitor = visitors_.find(key); visitor != visitors_.end()) {
        on_frame(visitor->second, frame);
      }
    }
  });
  link->on_closed([this, key](const Error&) {
    on_closed(key);
    if (supervisor_ == nullptr) {
      loop_.stop();
    }
  });
}

void Desk::terminate() {
  if (supervisor_ == nullptr) {
    loop_.stop();
    return;
  }
  is_terminated_ = true;
  supervisor_->end(EndCause::supervisor_lost);
  leave_if_nobody_asks();
}

void Desk::leave_if_nobody_asks() {
  if (is_terminated_ && daemon_ == nullptr && supervisor_->phase() == Phase::ended) {
    supervisor_->forget(false);
  }
}

void Desk::welcome(std::shared_ptr<link::Link> link) {
  const link::Link* key = link.get();
  const bool from_daemon = is_daemon(link->peer());
  visitors_.emplace(key, Visitor{link, from_daemon ? Role::daemon : Role::unknown});
  link->on_frames([this, key](std::vector<std::string> frames) {
    for (const std::string& frame : frames) {
      if (const auto visitor = visitors_.find(key); visitor != visitors_.end()) {
        on_frame(visitor->second, frame);
      }
    }
  });
  link->on_closed([this, key](const Error&) { on_closed(key); });
  if (from_daemon) {
    daemon_ = std::move(link);
    send_status();
  }
}

void Desk::on_closed(const link::Link* key) {
  const auto found = visitors_.find(key);
  if (found == visitors_.end()) {
    return;
  }
  const Visitor visitor = found->second;
  visitors_.erase(found);
  loop_.post([keep = visitor.link] {});  // we are within one of its calls
  if (visitor.link == daemon_) {
    daemon_.reset();
    watch_socket();
    leave_if_nobody_asks();
  } else if (visitor.role == Role::leaf) {
    supervisor_->tree().child_closed(visitor.node);
  } else if (visitor.role == Role::client) {
    supervisor_->clients().lose(key);
  }
}

/// In the log of the node: our standard error.
void Desk::warn(const std::string& what) const {
  const std::string step = title_of(socket_path_.substr(socket_path_.rfind('/') + 1));
  platform::write_log_line(STDERR_FILENO, "warning", 0, "supervisor of step " + step + ": " + what);
}

void Desk::drop(Visitor& visitor, const char* why) {
  warn(std::string("a peer ") + why);
  const auto link = visitor.link;
  link->close();
  on_closed(link.get());
}

void Desk::on_frame(Visitor& visitor, const std::string& frame) {
  if (visitor.role == Role::leaf) {
    supervisor_->tree().child_said(visitor.node, frame);
    return;
  }
  wire::StepMessage message;
  if (!message.ParseFromString(frame)) {
    drop(visitor, "sent a message that cannot be read");
    return;
  }
  switch (visitor.role) {
    case Role::daemon:
      from_daemon(message);
      break;
    case Role::client:
      supervisor_->clients().take(visitor.link.get(), message);
      break;
    case Role::unknown:
    case Role::leaf:
      introduce(visitor, message);
      break;
  }
}

void Desk::introduce(Visitor& visitor, const wire::StepMessage& message) {
  const wire::Peer& peer = visitor.link->peer();
  if (message.has_attach()) {
    visitor.role = Role::client;
    supervisor_->clients().attach(visitor.link, message.attach().owner(),
                                  message.attach().read_only());
  } else if (message.has_join() && supervisor_->tree().takes_children() &&
             (peer.auth != wire::AUTH_PEERCRED || is_trusted(peer))) {
    visitor.role = Role::leaf;
    visitor.node = message.join().node_index();
    if (!supervisor_->tree().join(message.join(), visitor.link)) {
      visitor.role = Role::unknown;
      drop(visitor, "came as a node that is not expected");
    }
  } else if (is_trusted(peer) && (message.has_go() || message.has_end() || message.has_forget())) {
    from_daemon(message);
  } else {
    drop(visitor, "sent a message that is not its to send");
  }
}

void Desk::from_daemon(const wire::StepMessage& message) {
  if (message.has_start()) {
    if (supervisor_ == nullptr) {
      start(message);
    }
    return;
  }
  if (supervisor_ == nullptr) {
    return;
  }
  if (message.has_go()) {
    supervisor_->go({message.go().endpoints().begin(), message.go().endpoints().end()});
  } else if (message.has_end()) {
    const auto cause = message.end().cause();
    const bool is_known = cause > 0 && cause <= static_cast<std::uint32_t>(EndCause::deadline);
    supervisor_->end(is_known ? static_cast<EndCause>(cause) : EndCause::cancelled);
  } else if (message.has_lease()) {
    take_lease(message.lease());
  } else if (message.has_limit() && message.limit().limit_us() > 0) {
    supervisor_->change_limit(Duration{message.limit().limit_us()});
  } else if (message.has_pause()) {
    supervisor_->pause(message.pause().stands());
  } else if (message.has_signal()) {
    supervisor_->signal(message.signal());
  } else if (message.has_forget()) {
    supervisor_->forget(true);
  }
}

// A plan we cannot read leaves nothing to supervise: we say so and go.
void Desk::start(const wire::StepMessage& message) {
  auto plan = check_plan(message.start());
  if (!plan) {
    wire::StepMessage answer;
    wire::StepStatus* status = answer.mutable_status();
    status->set_protocol(wire::protocol_version);
    status->set_job(message.start().job());
    status->set_attempt(message.start().attempt());
    status->set_step(message.start().spec().step());
    status->set_phase(static_cast<std::uint32_t>(Phase::ended));
    status->set_pid(::getpid());
    status->set_failure(plan.error().message);
    StepResult result;
    result.cause = EndCause::launch_failed;
    result.exit_code = 125;
    result.detail = plan.error().message;
    wire::put(result, status->mutable_result());
    daemon_->send(answer.SerializeAsString());
    daemon_->close(true);
    loop_.after(milliseconds(100), [this] { loop_.stop(); });
    return;
  }
  // A gang's release is on record before its tasks go.
  if (plan->go_at_once) plan->begin_mark = begin_mark_of(socket_path_);
  Supervisor::Events events;
  events.status_changed = [this] {
    send_status();
    loop_.post([this] { leave_if_nobody_asks(); });
  };
  events.finished = [this] { loop_.stop(); };
  supervisor_ = std::make_unique<Supervisor>(loop_, std::move(*plan), std::move(events));
  if (auto listened = listen(supervisor_->plan()); !listened) {
    supervisor_->fail_preparation(listened.error().message, Fault::of_node);
    return;
  }
  if (message.start().has_lease()) {
    take_lease(message.start().lease());
  }
  supervisor_->prepare();
}

void Desk::take_lease(const wire::StepLease& lease) {
  const auto checked = [](std::int64_t us) {
    return microseconds(std::clamp<std::int64_t>(us, 0, lease_us_max));
  };
  supervisor_->renew_lease(checked(lease.left_us()), checked(lease.kill_wait_us()));
}

Result<void> Desk::listen(const StepPlan& plan) {
  link::Trust trust;
  trust.key = plan.access_key;
  trust.key_on_unix = true;
  trust.owner = plan.job.common->user.uid;
  const auto opened = [this](std::shared_ptr<link::Link> link) { welcome(std::move(link)); };
  const auto refused = [this](const Error& error) { warn(error.message); };
  platform::Address at;
  at.path = socket_path_;
  auto bound = link::listen(loop_, at, socket_mode, trust, opened, refused);
  if (!bound) {
    Error told = bound.error();
    const auto path = told.message.find(socket_path_);
    if (path != std::string::npos) {
      told.message.replace(path, socket_path_.size(), title_of(socket_path_));
    }
    return Failure(told);
  }
  listening_ = true;
  // Only those with others below them are spoken to from other hosts.
  if (supervisor_->tree().takes_children() && !plan.here().address.empty()) {
    auto tcp = platform::parse_address(plan.here().address);
    if (!tcp) {
      return Failure(tcp.error());
    }
    tcp->port = 0;
    bound = tcp->is_unix() ? bound : link::listen(loop_, *tcp, 0, trust, opened, refused);
    if (!bound) {
      return Failure(bound.error().with_context("listen at " + plan.here().address));
    }
    tcp_endpoint_ = bound->is_unix() ? std::string() : bound->text();
  }
  return {};
}

void Desk::send_status() {
  if (daemon_ == nullptr || supervisor_ == nullptr) {
    return;
  }
  wire::StepMessage message;
  wire::StepStatus* status = message.mutable_status();
  const StepPlan& plan = supervisor_->plan();
  status->set_protocol(wire::protocol_version);
  status->set_job(plan.key.job.value);
  status->set_attempt(plan.key.attempt.value);
  status->set_step(plan.key.step.value);
  status->set_phase(static_cast<std::uint32_t>(supervisor_->phase()));
  status->set_pid(::getpid());
  status->set_failure(supervisor_->failure());
  status->set_node_at_fault(supervisor_->is_node_at_fault());
  status->set_endpoint(tcp_endpoint_);
  if (supervisor_->phase() == Phase::ended) {
    wire::put(supervisor_->result(), status->mutable_result());
  }
  daemon_->send(message.SerializeAsString());
}

// Without daemon and without the socket by which a later one would find us, nobody will ever ask
// for the result.
void Desk::watch_socket() {
  if (supervisor_ == nullptr || daemon_ != nullptr) {
    return;
  }
  if (!platform::path_exists(socket_path_)) {
    warn("its socket is gone");
    supervisor_->end(EndCause::supervisor_lost);
    supervisor_->forget(false);
    return;
  }
  loop_.cancel(socket_timer_);
  socket_timer_ = loop_.after(socket_check, [this] { watch_socket(); });
}

}  // namespace cox::stepd
