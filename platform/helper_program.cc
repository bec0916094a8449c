// The input is in the pipe before the program starts, so that nothing waits for anything else.
#include "platform/helper_program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/assert.h"
#include "common/text.h"
#include "platform/descriptor.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::platform {
namespace {

constexpr std::size_t input_bytes_max = 4096;  // what every pipe takes at once
constexpr std::size_t output_bytes_max = 64U << 10;

struct Pipe {
  Descriptor reads, writes;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Failure(system_error("pipe", errno));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

/// What getent found, or nothing.
Result<std::string> ask_database(const std::string& database, const std::string& key) {
  auto answer = ask_program({"getent", database, "--", key});
  if (!answer) return Failure(answer.error());
  if (answer->status == 0) return std::move(answer->output);
  return std::string();
}

/// The first field of an entry.
Result<std::string> find_name(const std::string& database,
                              const std::string& what,
                              const std::string& key) {
  const bool is_asked = !key.empty() && key.size() <= 256 &&
                        key.find_first_of(std::string_view("\0:\n", 3)) == std::string::npos;
  if (is_asked) {
    const auto line = ask_database(database, key);
    if (!line) return Failure(line.error());
    if (const auto colon = line->find(':'); colon != std::string::npos && colon > 0) {
      return line->substr(0, colon);
    }
  }
  return fail(Code::not_found, "no such " + what + ": " + quoted(key));
}

}  // namespace

Result<HelperAnswer> ask_program(const std::vector<std::string>& argv, std::string_view input) {
  ASSERT(!argv.empty() && input.size() <= input_bytes_max);
  auto in = make_pipe();
  if (!in) return Failure(in.error());
  auto out = make_pipe();
  if (!out) return Failure(out.error());
  if (auto fed = write_all(in->writes.get(), argv[0], input); !fed) return Failure(fed.error());
  in->writes = Descriptor();
  SpawnRequest request;
  request.program = argv[0];
  request.argv = argv;
  request.environment = current_environment();
  request.descriptors = {{0, in->reads.get()}, {1, out->writes.get()}, {2, out->writes.get()}};
  const auto spawned = spawn(request);
  if (!spawned) return Failure(spawned.error());
  out->writes = Descriptor();
  const auto said = read_all(out->reads.get(), argv[0], output_bytes_max);
  out->reads = Descriptor();
  const auto status = wait_for(spawned->pid);
  if (!said) return Failure(said.error());
  if (!status) return Failure(status.error());
  return HelperAnswer{exit_code_of(*status), std::string(trim(*said))};
}

Result<std::string> find_user_name(const std::string& name_or_number) {
  return find_name("passwd", "user", name_or_number);
}

Result<std::string> find_group_name(const std::string& name_or_number) {
  return find_name("group", "group", name_or_number);
}

Result<std::vector<std::string>> find_host_addresses(const std::string& host) {
  const auto lines = ask_database("ahosts", host);
  if (!lines) return Failure(lines.error());
  std::vector<std::string> found;
  for (const std::string_view line : split(*lines, '\n')) {
    const std::string address(line.substr(0, line.find(' ')));
    if (address.empty() || std::ranges::find(found, address) != found.end()) continue;
    found.push_back(address);
  }
  if (!found.empty()) return found;
  return fail(Code::unreachable, quoted(host) + ": no such host");
}

}  // namespace cox::platform
