// The health check of this node: run again and again while a session lasts, and told to the
// controller whenever it fails, and once when it does not.
#pragma once

#include <functional>
#include <string>

#include "model/settings.h"
#include "platform/loop_programs.h"

namespace cox::noded {

class HealthCheck {
 public:
  using Tell = std::function<void(bool is_well, const std::string& reason)>;
  HealthCheck(platform::Loop& loop, platform::Programs& programs, std::string node_name, Tell tell);

  /// A session began, or the configuration changed within it: checked at once, then by the period.
  void begin(const ProgramSettings& settings);
  /// The session ended: nobody could be told.
  void pause();

 private:
  void check();
  void checked(const platform::ProgramEnd& end);

  platform::Loop& loop_;
  platform::Programs& programs_;
  std::string node_name_;
  Tell tell_;
  ProgramSettings settings_;
  platform::TimerId timer_ = 0;
  std::uint64_t generation_ = 0;  // of settings: results of earlier ones count no more
  bool is_told_well_ = false;
};

}  // namespace cox::noded
