// See progress_bar.h.
#include "sim/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace cox::sim {
namespace {

constexpr std::size_t width = 40;

}  // namespace

std::string progress_text(std::size_t done, std::size_t all) {
  const std::size_t filled = all == 0 ? width : width * std::min(done, all) / all;
  return "[" + std::string(filled, '#') + std::string(width - filled, ' ') + "] " +
         std::to_string(done) + " of " + std::to_string(all) + " jobs";
}

ProgressBar::~ProgressBar() {
  if (is_shown_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::show(std::size_t done) const {
  if (is_shown_) std::fputs(("\r" + progress_text(done, all_)).c_str(), stderr);
}

bool ProgressBar::is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace cox::sim
