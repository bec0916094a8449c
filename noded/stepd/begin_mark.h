// The mark by which a step that goes at once takes its place between "begun" and "never begun". Its
// supervisor sets it before the first task; a node daemon that finds an attempt without supervisor
// sets it to give the start up. Whoever is first decides, also against one that comes late.
#pragma once

#include <string>

namespace cox::stepd {

inline constexpr const char* begun_word = "begun";
inline constexpr const char* given_up_word = "given up";

/// Where the supervisor that listens at DIR/steps-NAME/STEP marks its beginning; empty for a path
/// of another form, which no daemon makes.
inline std::string begin_mark_of(const std::string& socket_path) {
  const std::string steps = "/steps-";
  const std::size_t at = socket_path.rfind(steps);
  if (at == std::string::npos) return {};
  return socket_path.substr(0, at) + "/begun-" + socket_path.substr(at + steps.size());
}

}  // namespace cox::stepd
