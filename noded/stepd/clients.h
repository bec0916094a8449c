// The clients of a step at its root: one owner, whose end ends the step, and onlookers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "link/link.h"
#include "model/outcome.h"
#include "noded/stepd/terminal.h"
#include "platform/loop.h"

namespace cox::wire {
class StepMessage;
}

namespace cox::stepd {

/// Output goes to all. The owner sets the pace; an onlooker that does not keep up is dropped.
class Clients {
 public:
  struct Events {
    std::function<void()> owner_came;
    std::function<void()> owner_gone;
    std::function<void(std::string data, bool eof)> input;
    std::function<void(int signal)> signal;
    std::function<void(const TerminalSize& size)> resize;
    std::function<void()> end;  // its user ends the step; once more kills it
  };

  /// `is_terminal`: onlookers may type as well, unless they came to read only.
  Clients(bool is_terminal, Events events)
      : is_terminal_(is_terminal), events_(std::move(events)) {}

  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// Whoever attaches as owner first is the owner; later ones look on. The caller passes the link's
  /// frames to take() and its end to lose().
  void attach(std::shared_ptr<link::Link> link, bool as_owner, bool read_only = false);
  void take(const link::Link* link, const wire::StepMessage& message);
  void lose(const link::Link* link);

  /// A line for those who want to know more; also to clients that come later.
  void tell(const std::string& text);
  /// Another message that tells of the step, likewise.
  void tell(const wire::StepMessage& message);
  void output(std::uint32_t task, std::uint32_t stream, const std::string& data, bool eof);
  /// The step's result, also to clients that come later; nothing follows.
  void finish(const StepResult& result);

  bool has_owner() const { return owner_ != nullptr; }

  bool had_owner() const { return had_owner_; }

  /// Of the owner.
  std::size_t queued_bytes() const;
  void pause_owner(bool paused);

 private:
  bool is_terminal_;
  Events events_;
  std::set<const link::Link*> typists_;  // beside the owner
  std::map<const link::Link*, std::shared_ptr<link::Link>> links_;
  const link::Link* owner_ = nullptr;
  bool had_owner_ = false;
  bool owner_paused_ = false;
  std::vector<std::string> told_;
  std::string exit_;  // once finished
};

}  // namespace cox::stepd
