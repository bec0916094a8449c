// Flow of task output and input.
#include "noded/stepd/step_io.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "platform/file.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr std::size_t queue_high_bytes = std::size_t{1} << 20;
constexpr std::size_t queue_low_bytes = std::size_t{256} << 10;
constexpr std::size_t input_high_bytes = std::size_t{4} << 20;

}  // namespace

StepIo::StepIo(platform::Loop& loop,
               const StepPlan& plan,
               Tree& tree,
               Clients& clients,
               std::function<void()> changed)
    : loop_(loop),
      plan_(plan),
      tree_(tree),
      clients_(clients),
      changed_(std::move(changed)),
      pump_(loop,
            [this](std::uint32_t task, std::uint32_t stream, std::string data, bool eof) {
              output(task, stream, std::move(data), eof);
            }),
      fan_(loop) {
  for (const PlanNode& node : plan.nodes) {
    open_streams_.push_back(node.tasks * streams_per_task());
  }
  if (plan.pty && plan.client_io) {
    open_streams_[0] -= streams_per_task() - 1;
  }
  taken_.resize(plan.nodes.size());
  fan_.on_progress([this] { adjust_input(); });
  pump_.pause(awaits_owner());
}

StepIo::~StepIo() {
  loop_.cancel(flow_timer_);
}

std::uint32_t StepIo::streams_per_task() const {
  if (!plan_.client_io) {
    return 0;
  }
  return plan_.error.empty() ? 2 : 1;
}

Result<int> StepIo::null_device() {
  if (!null_.is_open()) {
    null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null_.is_open()) {
      return Failure(platform::system_error("open /dev/null", errno));
    }
  }
  return null_.get();
}

Result<int> StepIo::input_for(int file, std::uint32_t task) {
  if (file >= 0) {
    return file;
  }
  if (!plan_.client_io || plan_.input_task.value_or(task) != task) {
    return null_device();
  }
  auto end = fan_.add();
  if (!end) {
    return Failure(end.error());
  }
  task_ends_.push_back(std::move(*end));
  return task_ends_.back().get();
}

Result<int> StepIo::descriptor_for(int file, std::uint32_t task, std::uint32_t stream) {
  if (file >= 0) {
    return file;
  }
  auto end = pump_.add(task, stream);
  if (!end) {
    return Failure(end.error());
  }
  task_ends_.push_back(std::move(*end));
  return task_ends_.back().get();
}

Result<void> StepIo::connect(const TaskFiles& files, std::vector<TaskLaunch>* launches) {
  for (TaskLaunch& launch : *launches) {
    const TaskDescriptors& own = files.tasks[launch.local_task];
    const std::uint32_t rank = plan_.rank_of(launch.local_task);
    if (plan_.pty && rank == 0) {
      if (auto connected = connect_terminal(&launch); !connected) {
        return connected;
      }
      continue;
    }
    const auto input = input_for(own.input, rank);
    const auto output = descriptor_for(own.output, rank, stream_output);
    const auto error = descriptor_for(own.error, rank, stream_error);
    for (const auto* each : {&input, &output, &error}) {
      if (!*each) {
        return Failure(each->error());
      }
    }
    launch.input = *input;
    launch.output = *output;
    launch.error = *error;
  }
  fan_.begin();  // the client may have been quicker than the Go
  return {};
}

// One stream: what the task writes to either comes out of the terminal.
Result<void> StepIo::connect_terminal(TaskLaunch* launch) {
  auto terminal = open_terminal(plan_.job.common->user, size_);
  if (!terminal) {
    return Failure(terminal.error());
  }
  const auto copy = [&terminal] {
    return platform::Descriptor(::fcntl(terminal->ours.get(), F_DUPFD_CLOEXEC, 0));
  };
  pump_.add(0, stream_output, copy());
  fan_.add(copy());
  terminal_ = std::move(terminal->ours);
  launch->input = launch->output = launch->error = terminal->tasks.get();
  launch->has_terminal = true;
  task_ends_.push_back(std::move(terminal->tasks));
  return {};
}

void StepIo::resize(const TerminalSize& size) {
  size_ = size;
  if (terminal_.is_open()) {
    resize_terminal(terminal_.get(), size);
  }
}

void StepIo::output(std::uint32_t task, std::uint32_t stream, std::string data, bool eof) {
  if (plan_.is_root()) {
    output_of_leaf(task, stream, std::move(data), eof);
    return;
  }
  wire::StepMessage message;
  message.mutable_output()->set_task(task);
  message.mutable_output()->set_stream(stream);
  message.mutable_output()->set_data(std::move(data));
  message.mutable_output()->set_eof(eof);
  tree_.send(0, message);
  adjust_flow();
  if (eof) {
    changed_();
  }
}

void StepIo::output_of_leaf(std::uint32_t task, std::uint32_t stream, std::string data, bool eof) {
  if (task >= plan_.tasks) {
    return;
  }
  Chunk chunk{task, stream, std::move(data), eof};
  if (discarding_ || clients_.had_owner()) {
    deliver(chunk);
  } else {
    held_bytes_ += chunk.data.size();
    held_.push_back(std::move(chunk));
  }
  adjust_flow();
}

void StepIo::deliver(const Chunk& chunk) {
  if (!discarding_) {
    clients_.output(chunk.task, chunk.stream, chunk.data, chunk.eof);
  }
  if (!chunk.eof) {
    return;
  }
  std::uint32_t& open = open_streams_[plan_.node_of(chunk.task)];
  open -= open > 0 ? 1 : 0;
  adjust_input();
  changed_();
}

void StepIo::owner_came() {
  for (const Chunk& chunk : std::exchange(held_, {})) {
    deliver(chunk);
  }
  held_bytes_ = 0;
  adjust_flow();
}

void StepIo::discard() {
  discarding_ = true;
  for (const Chunk& chunk : std::exchange(held_, {})) {
    deliver(chunk);
  }
  held_bytes_ = 0;
  fan_.close();
  adjust_flow();
  changed_();
}

void StepIo::leaf_lost(std::uint32_t node) {
  open_streams_[node] = 0;
  adjust_input();
  changed_();
}

void StepIo::input(const std::string& data, bool eof) {
  if (!plan_.client_io) {
    return;
  }
  if (plan_.is_root()) {
    wire::StepMessage message;
    message.mutable_input()->set_data(data);
    message.mutable_input()->set_eof(eof);
    tree_.send_all(message, 0);
    input_sent_ += data.size();
  }
  fan_.write(data);
  if (eof && plan_.pty) {
    fan_.write(std::string_view(&terminal_end_of_input, 1));
  }
  if (eof) {
    fan_.close();
  }
  adjust_input();
}

void StepIo::input_taken(std::uint32_t node, std::uint64_t bytes) {
  taken_[node] = std::min(bytes, input_sent_);
  adjust_input();
}

// A leaf tells what its tasks took; the root lets the owner wait for the slowest task anywhere.
void StepIo::adjust_input() {
  if (!plan_.is_root()) {
    const std::uint64_t taken = fan_.taken_bytes();
    if (taken - taken_told_ >= queue_low_bytes || fan_.queued_bytes() == 0) {
      taken_told_ = taken;
      wire::StepMessage message;
      message.mutable_input_taken()->set_bytes(taken);
      tree_.send(0, message);
    }
    return;
  }
  std::uint64_t waiting = fan_.queued_bytes();
  for (std::size_t node = 1; node < taken_.size(); ++node) {
    if (open_streams_[node] != 0) {
      waiting = std::max(waiting, input_sent_ - taken_[node]);
    }
  }
  if (waiting > input_high_bytes || waiting < input_high_bytes / 2) {
    clients_.pause_owner(waiting > input_high_bytes);
  }
}

// Root: the local pipes wait for the owner, leaves once a megabyte is held. Leaf: for the root.
void StepIo::adjust_flow() {
  if (!plan_.client_io) {
    return;
  }
  const std::size_t limit = congested_ ? queue_low_bytes : queue_high_bytes;
  const std::size_t queued = plan_.is_root() ? clients_.queued_bytes() : tree_.bytes_up();
  congested_ = !discarding_ && queued > limit;
  pump_.pause(congested_ || awaits_owner());
  if (plan_.is_root()) {
    tree_.pause_reading(congested_ || held_bytes_ > queue_high_bytes);
  }
  if (!congested_) {
    loop_.cancel(std::exchange(flow_timer_, 0));
    looks_ = {};
  } else if (flow_timer_ == 0) {
    flow_timer_ = loop_.after(looks_.next(queued), [this] {
      flow_timer_ = 0;
      adjust_flow();
    });
  }
}

void StepIo::never_started() {
  if (plan_.is_root()) {
    leaf_lost(plan_.node_index);
    return;
  }
  for (std::uint32_t task = 0; task < plan_.here().tasks && plan_.client_io; ++task) {
    for (std::uint32_t stream = 1; stream <= streams_per_task(); ++stream) {
      output(plan_.rank_of(task), stream, std::string(), true);
    }
  }
}

void StepIo::never_ran() {
  open_streams_.assign(open_streams_.size(), 0);
  discard();
}

bool StepIo::awaits_owner() const {
  return !plan_.is_batch && plan_.is_root() && !discarding_ && !clients_.had_owner();
}

bool StepIo::is_done() const {
  if (!plan_.client_io) {
    return true;
  }
  if (!plan_.is_root()) {
    return pump_.is_drained();
  }
  return std::all_of(open_streams_.begin(), open_streams_.end(),
                     [](std::uint32_t open) { return open == 0; });
}

}  // namespace cox::stepd
