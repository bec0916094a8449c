// Workload logs in the Standard Workload Format: one job a line, 18 numbers, plain or gzip.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::sim {

/// A job of a log as it is replayed.
struct SwfJob {
  std::int64_t number = 0;
  std::int64_t submit_s = 0;  // since the log's start
  std::int64_t run_s = 0;
  std::int64_t limit_s = 0;  // what was asked for, at least the run time
  std::uint32_t processors = 0;
  std::int64_t user = -1, group = -1;
  std::size_t line = 0;  // of the log
};

/// Lines that are not used, by why.
struct BadLines {
  std::size_t count = 0;
  std::vector<std::size_t> first;  // numbers of the first few
};

struct SwfLog {
  std::vector<SwfJob> jobs;  // as submitted
  std::map<std::string, BadLines> bad;
  std::int64_t max_processors = 0;  // of the header; 0: it does not say

  void note_bad(std::size_t line, const std::string& why);
};

/// Takes the next line (without its end) into `log`. Never fails: a line that cannot be used is
/// counted with the reason.
void take_line(std::string_view text, std::size_t line, SwfLog* log);

/// error: not_found, not_permitted or bad_usage, with the file's name
Result<SwfLog> read_swf(const std::string& path);

}  // namespace cox::sim
