// Copies between our standard streams and the step's root supervisor.
#include "cmds/run/attachment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "cmds/run/raw_terminal.h"
#include "model/job_state.h"
#include "platform/address.h"
#include "platform/file.h"

namespace cox::cmds {
namespace {

constexpr Duration attach_time = seconds(30);
/// A link that polls writable takes this much without blocking, so that input cannot stand in the
/// way of output.
constexpr std::size_t input_piece = 16U << 10;
constexpr char leave_key = 0x1d;  // Ctrl-], as with telnet

/// A background process of a terminal would be stopped by reading it.
bool may_read_input() {
  if (::isatty(STDIN_FILENO) != 1) return true;
  return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

}  // namespace

Attachment::Attachment(link::ClientLink link,
                       AttachOptions options,
                       std::uint32_t tasks,
                       RunVoice& voice)
    : link_(std::move(link)), options_(options), labels_(tasks), voice_(&voice) {
  if (options_.forward_input) return;
  has_input_ = true;  // its end at once: the tasks read a file, or nothing
  input_ended_ = true;
}

Result<Attachment> Attachment::open(const wire::StepReady& ready,
                                    AttachOptions options,
                                    RunVoice& voice) {
  const auto address = platform::parse_address(ready.endpoint());
  if (!address) return Failure(address.error().with_context("the step's endpoint"));
  auto link = link::ClientLink::connect(*address, ready.key(), attach_time);
  if (!link) return Failure(link.error().with_context("the step's supervisor"));
  Attachment attachment(std::move(*link), options, ready.tasks(), voice);
  wire::StepMessage message;
  message.mutable_attach()->set_owner(options.is_owner);
  message.mutable_attach()->set_read_only(options.read_only);
  const auto sent = attachment.send(message);
  if (!sent) return Failure(sent.error());
  if (options.is_terminal) {
    if (const auto told = attachment.send_size(); !told) return Failure(told.error());
  }
  return attachment;
}

Attachment::Wants Attachment::wants() const {
  const bool reads_input = !has_input_ && !input_ended_ && may_read_input();
  return {link_ ? link_->descriptor() : -1, has_input_, reads_input ? STDIN_FILENO : -1};
}

Result<void> Attachment::send(const wire::StepMessage& message) {
  if (!link_) return {};
  return link_->send(message.SerializeAsString());
}

Result<void> Attachment::take_output() {
  while (!result_) {
    const auto frame = link_->receive(Duration{0});
    if (!frame || !*frame) tell_failures();
    if (!frame) return Failure(frame.error());
    if (!*frame) return {};
    wire::StepMessage message;
    if (!message.ParseFromString(**frame)) {
      return fail(Code::internal, "the supervisor's message cannot be read");
    }
    const auto taken = take(message);
    if (!taken) return taken;
  }
  link_.reset();
  tell_failures();
  return {};
}

/// Tasks that ended alike on one node are told in one line.
void Attachment::take_failure(const wire::StepTasksFailed& failed) {
  has_failed_task_ = true;
  for (wire::StepTasksFailed& known : failures_) {
    if (known.node() != failed.node() || known.exit_code() != failed.exit_code() ||
        known.signal() != failed.signal()) {
      continue;
    }
    known.mutable_tasks()->MergeFrom(failed.tasks());
    return;
  }
  failures_.push_back(failed);
}

void Attachment::tell_failures() {
  if (failures_.empty()) return;
  voice_->tasks_failed(failures_);
  failures_.clear();
}

Result<void> Attachment::take(const wire::StepMessage& message) {
  if (message.has_output()) {
    print_output(message.output());
  } else if (message.has_exit()) {
    result_ = message.exit().result();
  } else if (message.has_told()) {
    voice_->told(message.told().text());
  } else if (message.has_tasks_failed()) {
    take_failure(message.tasks_failed());
  } else if (message.has_abort()) {
    return fail(Code::refused, message.abort().message());
  }
  return {};
}

bool Attachment::is_wanted(const wire::Output& output) const {
  const auto& only = output.stream() == 2 ? options_.error_of : options_.output_of;
  return !only || *only == output.task();
}

void Attachment::print_output(const wire::Output& output) {
  const int fd = output.stream() == 2 ? STDERR_FILENO : STDOUT_FILENO;
  if (output.eof() && output.stream() == 1) ended_outputs_.insert(output.task());
  if (!is_wanted(output)) return;
  std::string text;
  if (!options_.label_output) {
    text = output.data();
  } else {
    text = labels_.add(output.task(), output.stream(), output.data());
    if (output.eof()) text += labels_.finish(output.task(), output.stream());
  }
  const auto written = platform::write_all(fd, fd == STDERR_FILENO ? "stderr" : "stdout", text);
  if (written || has_lost_output_) return;
  has_lost_output_ = true;
  voice_->error(written.error().message + ": output is lost");
}

void Attachment::read_input() {
  std::array<char, input_piece> buffer{};
  const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  has_input_ = true;
  input_ended_ = got <= 0;
  pending_input_.assign(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (options_.is_owner) return;
  const std::size_t key = pending_input_.find(leave_key);
  wants_to_leave_ = wants_to_leave_ || input_ended_ || key != std::string::npos;
  pending_input_.resize(std::min(key, pending_input_.size()));
}

Result<void> Attachment::send_size() {
  const auto size = window_size();
  if (!size) return {};
  wire::StepMessage message;
  message.mutable_resize()->set_rows(size->rows);
  message.mutable_resize()->set_columns(size->columns);
  return send(message);
}

Result<void> Attachment::send_input() {
  if (!has_input_) return {};
  wire::StepMessage message;
  message.mutable_input()->set_data(pending_input_);
  message.mutable_input()->set_eof(input_ended_);
  has_input_ = false;
  return send(message);
}

Result<void> Attachment::signal_tasks(int signal) {
  wire::StepMessage message;
  message.mutable_signal()->set_signal(signal);
  return send(message);
}

Result<void> Attachment::end_step() {
  wire::StepMessage message;
  message.mutable_end()->set_cause(static_cast<std::uint32_t>(cox::EndCause::cancelled));
  return send(message);
}

}  // namespace cox::cmds
