// See local_check.h. The daemon's own reader says what it would say at its start.
#include "cmds/config/local_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "cmds/client/find_daemon.h"
#include "cmds/client/terminal.h"
#include "cmds/config/reports.h"
#include "common/text.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::cmds {
namespace {

constexpr std::size_t complaints_bytes_max = 16U << 20;
constexpr std::string_view own_name = "coxctld: ";

/// What the program writes to its stderr, and its exit status.
struct Said {
  std::string text;
  int status = 0;
};

Result<Said> run_check(const std::string& program, const std::string& file) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Failure(platform::system_error("pipe", errno));
  const platform::Descriptor ours(ends[0]);
  platform::Descriptor theirs(ends[1]);
  platform::SpawnRequest request;
  request.program = program;
  request.argv = {"coxctld", "--check", file};
  request.environment = platform::current_environment();
  request.descriptors = {{2, theirs.get()}};
  const auto spawned = platform::spawn(request);
  if (!spawned) return Failure(spawned.error());
  theirs = platform::Descriptor();
  const auto text = platform::read_all(ours.get(), "coxctld --check", complaints_bytes_max);
  const auto ended = platform::wait_for(spawned->pid);
  if (!text) return Failure(text.error());
  if (!ended) return Failure(ended.error());
  return Said{*text, platform::exit_code_of(*ended)};
}

}  // namespace

Result<int> complain_here(const std::string& file) {
  const auto program = find_daemon("coxctld");
  if (!program) return Failure(program.error());
  const auto said = run_check(*program, file);
  if (!said) return Failure(said.error());
  for (std::string_view line : split(said->text, '\n')) {
    if (line.starts_with(own_name)) line.remove_prefix(own_name.size());
    if (!line.empty()) print_error(line);
  }
  return said->status;
}

Result<int> check_here(const Parsed& given, const std::string& file) {
  const auto status = complain_here(file);
  if (!status) return Failure(status.error().with_context("no controller is asked"));
  return *status != 0 ? status : report_check(given, file, wire::ClientReply{});
}

}  // namespace cox::cmds
