// Clients of a step.
#include "noded/stepd/clients.h"

#include <csignal>
#include <vector>

#include "wire/model_codec.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr std::size_t onlooker_queue_max = std::size_t{8} << 20;
constexpr std::size_t told_max = 4096;

}  // namespace

Clients::~Clients() {
  for (auto& [key, link] : links_) {
    link->close(true);
  }
}

void Clients::attach(std::shared_ptr<link::Link> link, bool as_owner, bool read_only) {
  const link::Link* key = link.get();
  for (const std::string& text : told_) {
    link->send(text);
  }
  if (!exit_.empty()) {
    link->send(exit_);
  }
  links_.emplace(key, std::move(link));
  if (is_terminal_ && !as_owner && !read_only) {
    typists_.insert(key);
  }
  if (as_owner && !had_owner_) {
    owner_ = key;
    had_owner_ = true;
    events_.owner_came();
  }
}

void Clients::take(const link::Link* link, const wire::StepMessage& message) {
  if (message.has_input() && typists_.contains(link)) {
    events_.input(message.input().data(), false);  // its end is not that of the others' typing
    return;
  }
  if (message.has_resize() && (link == owner_ || typists_.contains(link))) {
    events_.resize({message.resize().rows(), message.resize().columns()});
    return;
  }
  if (link != owner_) {
    return;
  }
  if (message.has_end()) {
    events_.end();
  } else if (message.has_input()) {
    events_.input(message.input().data(), message.input().eof());
  } else if (message.has_signal() && message.signal().signal() > 0 &&
             message.signal().signal() <= SIGRTMAX) {
    events_.signal(message.signal().signal());
  }
}

void Clients::lose(const link::Link* link) {
  links_.erase(link);
  typists_.erase(link);
  if (link == owner_) {
    owner_ = nullptr;
    events_.owner_gone();
  }
}

void Clients::tell(const std::string& text) {
  wire::StepMessage message;
  message.mutable_told()->set_text(text);
  tell(message);
}

void Clients::tell(const wire::StepMessage& message) {
  if (told_.size() >= told_max) {
    return;
  }
  told_.push_back(message.SerializeAsString());
  for (auto& [key, link] : links_) {
    link->send(told_.back());
  }
}

void Clients::output(std::uint32_t task, std::uint32_t stream, const std::string& data, bool eof) {
  if (links_.empty()) {
    return;
  }
  wire::StepMessage message;
  message.mutable_output()->set_task(task);
  message.mutable_output()->set_stream(stream);
  message.mutable_output()->set_data(data);
  message.mutable_output()->set_eof(eof);
  const std::string text = message.SerializeAsString();
  std::vector<const link::Link*> slow;
  for (auto& [key, link] : links_) {
    if (key != owner_ && link->stream().queued_bytes() > onlooker_queue_max) {
      slow.push_back(key);
    } else {
      link->send(text);
    }
  }
  for (const link::Link* key : slow) {
    links_[key]->close();
    links_.erase(key);
    typists_.erase(key);
  }
}

void Clients::finish(const StepResult& result) {
  wire::StepMessage message;
  wire::put(result, message.mutable_exit()->mutable_result());
  exit_ = message.SerializeAsString();
  for (auto& [key, link] : links_) {
    link->send(exit_);
  }
}

std::size_t Clients::queued_bytes() const {
  const auto owner = links_.find(owner_);
  return owner == links_.end() ? 0 : owner->second->stream().queued_bytes();
}

void Clients::pause_owner(bool paused) {
  const auto owner = links_.find(owner_);
  if (owner != links_.end() && paused != owner_paused_) {
    owner_paused_ = paused;
    owner->second->stream().pause_reading(paused);
  }
}

}  // namespace cox::stepd
