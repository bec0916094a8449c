// See signal_name.h.
#include "cmds/client/signal_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <vector>

#include "common/text.h"

namespace cox::cmds {
namespace {

struct Named {
  std::string_view name;
  std::int32_t number;
};

constexpr std::array names = {
    Named{"HUP", SIGHUP},     Named{"INT", SIGINT},       Named{"QUIT", SIGQUIT},
    Named{"ABRT", SIGABRT},   Named{"KILL", SIGKILL},     Named{"USR1", SIGUSR1},
    Named{"USR2", SIGUSR2},   Named{"PIPE", SIGPIPE},     Named{"ALRM", SIGALRM},
    Named{"TERM", SIGTERM},   Named{"CHLD", SIGCHLD},     Named{"CONT", SIGCONT},
    Named{"STOP", SIGSTOP},   Named{"TSTP", SIGTSTP},     Named{"TTIN", SIGTTIN},
    Named{"TTOU", SIGTTOU},   Named{"URG", SIGURG},       Named{"XCPU", SIGXCPU},
    Named{"XFSZ", SIGXFSZ},   Named{"VTALRM", SIGVTALRM}, Named{"PROF", SIGPROF},
    Named{"WINCH", SIGWINCH}, Named{"IO", SIGIO},         Named{"SYS", SIGSYS},
};
constexpr std::uint64_t signal_max = 64;

}  // namespace

Result<std::int32_t> parse_signal(std::string_view text) {
  if (const auto number = parse_u64(text); number && *number >= 1 && *number <= signal_max) {
    return static_cast<std::int32_t>(*number);
  }
  std::string word(text);
  std::ranges::transform(word, word.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (word.starts_with("SIG")) word.erase(0, 3);
  const auto found = std::ranges::find(names, word, &Named::name);
  if (found != names.end()) return found->number;
  std::vector<std::string> known;
  for (const Named& one : names) known.emplace_back(one.name);
  const auto near = nearest(word, known);
  return fail(Code::bad_usage,
              quoted(text) + " is no signal: " +
                  (near ? "is " + *near + " meant?" : std::string("USR1, TERM or a number to 64")));
}

std::string signal_text(std::int32_t signal) {
  const auto found = std::ranges::find(names, signal, &Named::number);
  return found == names.end() ? std::to_string(signal) : std::string(found->name);
}

}  // namespace cox::cmds
