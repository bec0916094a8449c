// From /proc/PID/stat, and /proc/PID/wchan or, where that says nothing, /proc/PID/stack.
#include "platform/process_text.h"

#include <string_view>

#include "common/text.h"
#include "platform/file.h"

namespace cox::platform {
namespace {

constexpr std::size_t bytes_max = 16U << 10;
constexpr std::size_t word_max = 64;

bool is_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") != std::string_view::npos;
}

/// "[<0>] request_wait_answer+0x11f/0x240" -> "request_wait_answer"
std::string first_of_stack(const std::string& stack) {
  const std::string_view line = split(stack, '\n').front();
  const std::size_t begin = line.find("] ");
  if (begin == std::string_view::npos) return {};
  const std::string_view name = line.substr(begin + 2);
  return std::string(name.substr(0, name.find('+')));
}

std::string where_it_waits(const std::string& proc) {
  const std::string channel = read_file(proc + "/wchan", bytes_max).value_or("");
  if (is_word(channel)) return channel;
  return first_of_stack(read_file(proc + "/stack", bytes_max).value_or(""));
}

}  // namespace

std::string process_text(int pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  const std::string stat = read_file(proc + "/stat", bytes_max).value_or("");
  // The name stands in parentheses and may hold some itself.
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 2 >= stat.size())
    return {};
  std::string text = "pid " + std::to_string(pid) + " (" +
                     quoted(stat.substr(open + 1, close - open - 1), word_max) + ") in state " +
                     stat[close + 2];
  const std::string where = where_it_waits(proc);
  if (is_word(where)) text += " at " + quoted(where, word_max);
  return text;
}

std::string processes_text(const std::vector<int>& pids, std::size_t named_max) {
  std::string text;
  std::size_t named = 0;
  std::size_t left = 0;
  for (const int pid : pids) {
    const std::string one = named < named_max ? process_text(pid) : std::string();
    if (one.empty()) {
      left += named < named_max ? 0 : 1;
      continue;
    }
    text += (named == 0 ? "" : ", ") + one;
    ++named;
  }
  return left == 0 ? text : text + ", and " + std::to_string(left) + " more";
}

}  // namespace cox::platform
