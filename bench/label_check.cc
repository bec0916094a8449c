// See label_check.h.
#include "bench/label_check.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "bench/measure.h"

namespace cox::bench {
namespace {

constexpr std::size_t line_bytes = 1000, number_digits = 8;
constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

int start(const std::vector<std::string>& argv, int* reading) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) give_up("no pipe");
  ::fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(buffer_bytes));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  int pid = 0;
  if (::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ) != 0) {
    give_up("cannot run " + argv[0]);
  }
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  *reading = ends[0];
  return pid;
}

/// Of digits, or -1.
std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return text.empty() ? -1 : value;
}

}  // namespace

/// "RANK: NNNNNNNN xxx...x"
bool LabelCheck::take_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.size() != colon + 2 + line_bytes - 1) return false;
  std::string_view rank = line.substr(0, colon);
  rank.remove_prefix(std::min(rank.find_first_not_of(' '), rank.size()));
  const std::string_view text = line.substr(colon + 2);
  const std::int64_t task = number(rank);
  if (task < 0 || task >= static_cast<std::int64_t>(next_.size())) return false;
  std::uint32_t& next = next_[static_cast<std::size_t>(task)];
  if (number(text.substr(0, number_digits)) != next || text[number_digits] != ' ') return false;
  // A line of another task in the middle of this one would bring a digit or a blank.
  if (std::memchr(text.data() + number_digits + 1, ' ', text.size() - number_digits - 1)) {
    return false;
  }
  next += 1;
  bytes_ += line_bytes;
  return true;
}

std::string LabelCheck::read_all(const std::vector<std::string>& argv) {
  int reading = -1;
  const int pid = start(argv, &reading);
  std::string buffer(buffer_bytes, '\0');
  std::size_t kept = 0;
  std::string why;
  for (ssize_t got = 0; (got = ::read(reading, buffer.data() + kept, buffer.size() - kept)) > 0;) {
    std::string_view rest(buffer.data(), kept + static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
      if (!take_line(rest.substr(0, end)) && why.empty()) {
        why =
            "torn or out of order: " + std::string(rest.substr(0, std::min<std::size_t>(end, 40)));
      }
      rest.remove_prefix(end + 1);
    }
    kept = rest.size();
    std::memmove(buffer.data(), rest.data(), kept);
    if (kept == buffer.size()) why = "a line without an end";
    if (kept == buffer.size()) break;
  }
  ::close(reading);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!why.empty()) return why;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return "the command failed";
  for (std::size_t task = 0; task < next_.size(); ++task) {
    if (next_[task] == lines_) continue;
    return "task " + std::to_string(task) + ": " + std::to_string(next_[task]) + " of " +
           std::to_string(lines_) + " lines";
  }
  return "";
}

}  // namespace cox::bench
