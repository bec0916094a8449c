// The controller's side of `cox config`: what a file would change, what it does change, and what
// was in force before. Files are read outside the loop; what they say is checked as a whole.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"
#include "ctld/machine.h"
#include "ctld/outside.h"
#include "model/user.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// How a configuration file was named at the start of the controller.
struct StartFile {
  std::string name;       // empty: none was
  bool replaces = false;  // it takes the place of what the journal has
};

class ConfigDesk {
 public:
  using Done = std::function<void(Result<wire::ClientReply>)>;
  /// A new configuration is in force.
  using Changed = std::function<void()>;

  ConfigDesk(Machine& machine, Configs* configs) : machine_(machine), configs_(configs) {}

  void on_change(Changed changed) { changed_ = std::move(changed); }

  /// What the start makes of `config`: the journal's configuration stays in force, but for what
  /// only a start can change. `note` is told when the file says something else.
  Result<void> start(const config::Config& config,
                     const StartFile& file,
                     const std::function<void(const std::string&)>& note);

  /// error: not_permitted for whom the action is not meant. `who`: the caller's name
  void act(const wire::ConfigAction& action,
           const Caller& caller,
           const std::string& who,
           Done done);

 private:
  Result<wire::ClientReply> show() const;
  Result<wire::ClientReply> history() const;
  Result<wire::ClientReply> plan(const config::Config& config) const;
  Result<wire::ClientReply> apply(const config::Config& config,
                                  const wire::ConfigAction& action,
                                  const Caller& caller,
                                  const std::string& who);
  Result<wire::ClientReply> roll_back(const wire::ConfigAction& action,
                                      const Caller& caller,
                                      const std::string& who);
  Result<void> ask(const core::Request& request);
  Result<void> use_policies();
  /// `config` as it can be now: what only a start can change is as it was.
  Settings applicable(const config::Config& config) const;

  const core::Record& record() const { return machine_.state().record; }

  Machine& machine_;
  Configs* configs_;
  Changed changed_;
  config::Config at_start_;  // with the keys that only a start reads
  std::string select_, priority_;
};

}  // namespace cox::ctld
