// How far a replay is: one line on a terminal, written over and over, and gone at the end.
#pragma once

#include <cstddef>
#include <string>

namespace cox::sim {

/// "[####    ] 4 of 8 jobs"
std::string progress_text(std::size_t done, std::size_t all);

class ProgressBar {
 public:
  ProgressBar(std::size_t all, bool is_shown) : all_(all), is_shown_(is_shown && all != 0) {}

  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done) const;

  /// Standard error is one.
  static bool is_terminal();

 private:
  std::size_t all_;
  bool is_shown_;
};

}  // namespace cox::sim
