// Go, the time limit, and the ways to begin an end.
#include "noded/stepd/supervisor.h"

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "noded/stepd/begin_mark.h"
#include "noded/stepd/environment.h"
#include "platform/mark.h"
#include "wire/model_codec.h"
#include "wire/step.pb.h"

namespace cox::stepd {

Supervisor::Supervisor(platform::Loop& loop, StepPlan plan, Events events)
    : loop_(loop),
      plan_(std::move(plan)),
      events_(std::move(events)),
      attach_wait_(loop),
      time_limit_(
          loop_,
          plan_,
          {[this] { give_early_signal(); },
           [this] { begin_end(EndCause::time_limit, "time limit reached", std::nullopt); }}),
      lease_(loop, [this](Duration kill_wait) { fence(kill_wait); }) {
  Tree::Events tree;
  tree.message = [this](std::uint32_t node, const wire::StepMessage& message) {
    on_tree_message(node, message);
  };
  tree.lost = [this](std::uint32_t node, const std::string& why) { on_node_lost(node, why); };
  tree.childless = [this] { check_finished(); };
  tree_ = std::make_unique<Tree>(loop_, plan_, std::move(tree));
  Clients::Events clients;
  clients.owner_came = [this] {
    attach_wait_.end();
    io_->owner_came();
    check_finished();
  };
  clients.owner_gone = [this] {
    begin_end(EndCause::client_gone, "the client that ran the step is gone", std::nullopt);
    io_->discard();
  };
  clients.input = [this](const std::string& data, bool eof) { io_->input(data, eof); };
  clients.signal = [this](int signal) { signal_everywhere(signal); };
  clients.end = [this] {
    if (cause_ == EndCause::none) {
      begin_end(EndCause::cancelled, "by its user", std::nullopt);
    } else {
      signal_everywhere(SIGKILL);
    }
  };
  clients.resize = [this](const TerminalSize& size) { io_->resize(size); };
  clients_ = std::make_unique<Clients>(plan_.pty, std::move(clients));
  io_ = std::make_unique<StepIo>(loop_, plan_, *tree_, *clients_, [this] { check_finished(); });
  node_results_.resize(plan_.nodes.size());
}

void Supervisor::signal_everywhere(int signal) {
  wire::StepMessage message;
  message.mutable_signal()->set_signal(signal);
  tree_->send_all(message, 0);
  if (tasks_ != nullptr) {
    tasks_->signal(signal);
  }
}

Supervisor::~Supervisor() {
  for (const platform::TimerId timer : {kill_timer_, leaves_timer_, flush_timer_}) {
    loop_.cancel(timer);
  }
}

void Supervisor::begin_running() {
  phase_ = Phase::running;
  if (!plan_.is_root()) {
    return;
  }
  tree_->expect();
  if (plan_.client_io) {
    attach_wait_.begin([this] {
      begin_end(EndCause::client_gone, "no client came for the step's output", std::nullopt);
      io_->discard();
    });
  }
}

/// False where a later node daemon came first and told the controller that this never began.
Result<bool> Supervisor::mark_begin() {
  if (plan_.begin_mark.empty()) {
    return true;
  }
  auto is_first = platform::set_mark(plan_.begin_mark, begun_word);
  // A daemon of before the marks has no directory for them, and does not look.
  if (!is_first && is_first.error().code == Code::not_found) {
    return true;
  }
  return is_first;
}

void Supervisor::go(const std::vector<std::string>& endpoints) {
  if (phase_ != Phase::prepared) {
    return;
  }
  const auto first = mark_begin();
  if (!first) return fail_preparation(first.error().message, Fault::of_node);
  if (!*first) {
    end_without_tasks(EndCause::supervisor_lost, "its start was given up before it began");
    return;
  }
  begin_running();
  if (!plan_.is_root() && endpoints.empty()) {
    end_without_tasks(EndCause::launch_failed, "go without the first node's endpoint");
    tree_->lose(0, "it was not named");
    return;
  }
  if (!plan_.is_root()) {
    tree_->connect(endpoints);
  }
  time_limit_.start();
  tell_binding();
  if (auto started = start_tasks(); !started) {
    launch_failure_ = started.error().message;
    if (tasks_ == nullptr || !tasks_->has_started()) {
      end_without_tasks(EndCause::launch_failed, launch_failure_);
      return;
    }
  }
  events_.status_changed();
}

Result<std::vector<TaskLaunch>> Supervisor::make_launches() {
  std::vector<TaskLaunch> launches(plan_.here().tasks);
  for (std::uint32_t task = 0; task < launches.size(); ++task) {
    TaskLaunch& launch = launches[task];
    launch.local_task = task;
    launch.argv = &files_.argv;
    launch.environment = task_environment(plan_, environment_, task);
    if (mpi_ == nullptr) {
      continue;
    }
    launch.pmi = mpi_->task_end(task);
    const auto variables = mpi_->environment(task);
    if (!variables) {
      return Failure(variables.error());
    }
    for (const std::string& variable : *variables) {
      const std::size_t equals = variable.find('=');
      set_variable(&launch.environment, variable.substr(0, equals), variable.substr(equals + 1));
    }
  }
  return launches;
}

Result<void> Supervisor::start_tasks() {
  auto launches = make_launches();
  if (!launches) {
    return Failure(launches.error());
  }
  if (auto connected = io_->connect(files_, &*launches); !connected) {
    return connected;
  }
  Tasks::Events events;
  events.task_ended = [this](const TaskEnd& end) { task_ended(end); };
  events.launch_failed = [this](const std::string& why) {
    launch_failure_ = launch_failure_.empty() ? why : launch_failure_;
  };
  events.all_executed = [this] {
    check_bindings();
    for (const OrderedSignals::Order& order : signals_.take_kept()) {
      signal_here(order.signal, order.first_only);
    }
  };
  events.all_gone = [this] { tasks_gone(); };
  tasks_ = std::make_unique<Tasks>(loop_, plan_, containment_.get(), std::move(events));
  const bool is_threaded = mpi_ != nullptr && mpi_->is_threaded();
  auto started = tasks_->start(std::move(*launches), is_threaded);
  io_->tasks_started();
  if (mpi_ != nullptr) {
    mpi_->tasks_started();
  }
  return started;
}

void Supervisor::give_early_signal() {
  if (tasks_ == nullptr || cause_ != EndCause::none) {
    return;
  }
  const int signal = plan_.job.common->early_signal.signal;
  if (plan_.is_batch) {
    tasks_->signal_alone(signal);  // what it started is not meant
  } else {
    tasks_->signal(signal);
  }
}

void Supervisor::signal(const wire::SignalTasks& order) {
  const bool is_known = order.signal() > 0 && order.signal() <= SIGRTMAX;
  // What is ending can only be told to be quick about it.
  const bool is_late = cause_ != EndCause::none && order.signal() != SIGKILL;
  if (!is_known || phase_ == Phase::ended || is_late ||
      !signals_.is_new(ClientKey{{order.key_high(), order.key_low()}})) {
    return;
  }
  if (tasks_ == nullptr || !tasks_->has_executed()) {
    signals_.keep({order.signal(), order.first_only()});
    return;
  }
  signal_here(order.signal(), order.first_only());
}

void Supervisor::signal_here(int signal, bool first_only) {
  if (first_only && plan_.is_batch) {
    tasks_->signal_alone(signal);
  } else {
    tasks_->signal_everything(signal);
  }
}

void Supervisor::end(EndCause cause) {
  begin_end(cause, "", std::nullopt);
}

// `heard_from`: the node that told us; the others are told by the root, who hears of every end.
void Supervisor::begin_end(EndCause cause,
                           const std::string& detail,
                           std::optional<std::uint32_t> heard_from) {
  if (cause_ != EndCause::none || phase_ == Phase::ended) {
    return;
  }
  if (phase_ != Phase::running || tasks_ == nullptr) {
    end_without_tasks(cause, detail);
    return;
  }
  if (plan_.is_root() || !heard_from) {
    tell_others(cause, detail, abort_status_, heard_from);
  }
  cause_ = cause;
  if (local_done_) {
    check_step_complete();
    return;
  }
  detail_ = detail;
  write_notice(cause, detail);
  tasks_->terminate();
  kill_timer_ = loop_.after(plan_.kill_wait, [this] { tasks_->kill(); });
}

void Supervisor::tell_others(EndCause cause,
                             const std::string& detail,
                             std::int32_t status,
                             std::optional<std::uint32_t> except) {
  wire::StepMessage message;
  message.mutable_abort()->set_cause(static_cast<std::uint32_t>(cause));
  message.mutable_abort()->set_message(detail);
  message.mutable_abort()->set_status(status);
  tree_->send_all(message, except.value_or(plan_.node_index));
}

// The reader of the output should see why it stops there.
void Supervisor::write_notice(EndCause cause, const std::string& detail) {
  const int fd = files_.tasks.empty() ? -1 : files_.tasks.front().error;
  if (fd < 0 || !plan_.is_root()) {
    return;
  }
  std::string text = "cox: " + std::string(plan_.is_batch ? "job " : "step ") + step_text(plan_) +
                     " on " + plan_.node_name + " ";
  switch (cause) {
    case EndCause::cancelled:
      text += "cancelled";
      break;
    case EndCause::time_limit:
      text += "cancelled: time limit reached";
      break;
    case EndCause::requeued:
      text += "ended to be requeued";
      break;
    default:
      text += "ended: " + (detail.empty() ? std::string(to_text(cause)) : detail);
  }
  text += " at " + to_utc_text(loop_.now()) + "\n";
  static_cast<void>(!::write(fd, text.data(), text.size()));
}

void Supervisor::forget(bool may_client_come) {
  forgotten_ = true;
  if (phase_ != Phase::ended) {
    begin_end(EndCause::cancelled, "forgotten by the node daemon", std::nullopt);
    if (tasks_ != nullptr) {
      tasks_->kill();
    }
  }
  if (phase_ == Phase::ended && io_->awaits_owner()) {
    if (may_client_come) {
      attach_wait_.begin_last([this] { io_->discard(); });
    } else {
      io_->discard();
    }
  }
  check_finished();
}

void Supervisor::on_tree_message(std::uint32_t node, const wire::StepMessage& message) {
  if (message.has_output() && plan_.is_root()) {
    const auto& output = message.output();
    io_->output_of_leaf(output.task(), output.stream(), output.data(), output.eof());
  } else if (message.has_told() && plan_.is_root()) {
    clients_->tell(message.told().text().substr(0, wire::text_bytes_max));
  } else if (message.has_tasks_failed() && plan_.is_root()) {
    clients_->tell(message);
  } else if (message.has_input() && !plan_.is_root()) {
    io_->input(message.input().data(), message.input().eof());
  } else if (message.has_input_taken() && plan_.is_root()) {
    io_->input_taken(node, message.input_taken().bytes());
  } else if (message.has_leaf_result() && plan_.is_root() && !node_results_[node]) {
    const auto result = wire::take(message.leaf_result().result());
    StepResult unreadable;
    unreadable.cause = EndCause::supervisor_lost;
    unreadable.detail = "a result that cannot be read";
    node_results_[node] = result ? *result : unreadable;
    check_step_complete();
  } else if (message.has_abort()) {
    const auto& abort = message.abort();
    const bool is_known =
        abort.cause() > 0 && abort.cause() <= static_cast<std::uint32_t>(EndCause::deadline);
    abort_status_ = abort_status_ != 0 ? abort_status_ : abort.status();
    // A leaf heard the go before us, and a task of it has failed already: its result is awaited.
    if (phase_ == Phase::prepared && plan_.is_root()) {
      begin_running();
    }
    begin_end(is_known ? static_cast<EndCause>(abort.cause()) : EndCause::bad_exit,
              abort.message().substr(0, wire::text_bytes_max), node);
  } else if (message.has_signal() && !plan_.is_root() && tasks_ != nullptr) {
    if (message.signal().signal() > 0 && message.signal().signal() <= SIGRTMAX) {
      tasks_->signal(message.signal().signal());
    }
  } else if (mpi_ != nullptr) {
    static_cast<void>(mpi_->take(node, message));
  }
}

void Supervisor::on_node_lost(std::uint32_t node, const std::string& why) {
  if (phase_ == Phase::ended || (plan_.is_root() && node_results_[node])) {
    io_->leaf_lost(node);
    return;
  }
  const std::string detail = "supervisor of node " + plan_.nodes[node].name + ": " + why;
  if (!plan_.is_root()) {
    begin_end(EndCause::supervisor_lost, detail, node);
    return;
  }
  StepResult lost;
  lost.cause = EndCause::supervisor_lost;
  lost.detail = detail;
  node_results_[node] = lost;
  io_->leaf_lost(node);
  begin_end(EndCause::supervisor_lost, detail, node);
  check_step_complete();
}

}  // namespace cox::stepd
