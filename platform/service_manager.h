// Words to the service manager that started this process, by the protocol of sd_notify(3): one
// datagram each. Without a manager nothing happens.
#pragma once

#include <string>
#include <string_view>

namespace cox::platform {

class ServiceManager {
 public:
  /// Takes the socket out of the environment, so that no child speaks in our name.
  static ServiceManager from_environment();

  /// What we were started for works: listening, recovered.
  void ready(std::string_view status) const;
  /// A line for people who ask for the state of the service.
  void status(std::string_view text) const;
  void stopping() const;

 private:
  void send(const std::string& message) const;

  std::string socket_;  // empty: none. "@name" is an abstract one
};

}  // namespace cox::platform
