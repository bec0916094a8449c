// Collects a submission from the process that makes it.
#include "cmds/client/submission.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <utility>

#include "common/assert.h"
#include "common/text.h"
#include "platform/file.h"
#include "platform/process.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

constexpr std::array resources = {RLIMIT_AS,     RLIMIT_CORE,  RLIMIT_CPU,
                                  RLIMIT_DATA,   RLIMIT_FSIZE, RLIMIT_MEMLOCK,
                                  RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_STACK};

bool is_variable_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

void replace_variable(const std::string& assignment, std::vector<std::string>* environment) {
  const std::string prefix = assignment.substr(0, assignment.find('=') + 1);
  std::erase_if(*environment, [&](const std::string& old) { return old.starts_with(prefix); });
  environment->push_back(assignment);
}

void add_limits(JobRequest* request) {
  for (const auto resource : resources) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) continue;
    request->common.edit().limits.push_back(
        {static_cast<std::int32_t>(resource), limit.rlim_cur, limit.rlim_max});
  }
}

}  // namespace

std::vector<std::string> split_export_list(std::string_view text) {
  std::vector<std::string> parts(1);
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote == '\0' && c == ',') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

Result<std::vector<std::string>> exported_environment(std::string_view text,
                                                      const std::vector<std::string>& environment) {
  std::vector<std::string> exported;
  for (const std::string& part : split_export_list(text)) {
    const std::string name = part.substr(0, part.find('='));
    if (part == "ALL" && exported.empty()) {
      exported = environment;
    } else if (part == "ALL") {
      for (const std::string& variable : environment) replace_variable(variable, &exported);
    } else if (part == "NONE" || part == "NIL") {
      exported.clear();
    } else if (!is_variable_name(name)) {
      return fail(Code::bad_usage, "--export " + quoted(part) + ": no name of a variable");
    } else if (name.size() < part.size()) {
      replace_variable(part, &exported);
    } else {
      for (const std::string& variable : environment) {
        if (variable.starts_with(name + "=")) replace_variable(variable, &exported);
      }
    }
  }
  return exported;
}

Result<std::vector<std::string>> submitted_environment(std::string_view exported) {
  auto environment = exported_environment(exported, platform::current_environment());
  if (!environment) return environment;
  std::size_t bytes = 0;
  for (const std::string& variable : *environment) bytes += variable.size() + 1;
  if (bytes <= wire::environment_bytes_max) return environment;
  return fail(Code::bad_usage,
              "the environment has " + std::to_string(bytes) + " bytes, more than " +
                  std::to_string(wire::environment_bytes_max) + " (see: --export)");
}

ClientKey make_client_key() {
  ClientKey key;
  auto* bytes = reinterpret_cast<unsigned char*>(key.words.data());
  std::size_t filled = 0;
  while (filled < sizeof key.words) {
    const ssize_t got = ::getrandom(bytes + filled, sizeof key.words - filled, 0);
    ASSERT(got > 0 || errno == EINTR);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return key;
}

ClientKey client_key_of(std::string_view words) {
  const Hash hash =
      wire::hash_bytes("client key of " + std::to_string(::geteuid()) + "\n" + std::string(words));
  ClientKey key;
  static_assert(sizeof key.words <= sizeof hash.bytes);
  std::memcpy(key.words.data(), hash.bytes.data(), sizeof key.words);
  return key;
}

Instant wall_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return Instant{now.tv_sec * 1'000'000 + now.tv_nsec / 1000};
}

std::string default_job_name(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1).substr(0, NAME_MAX);
  return quoted(name, name.size()).substr(0, NAME_MAX);
}

Result<void> collect_surroundings(JobRequest* request) {
  std::array<char, PATH_MAX> buffer{};
  if (::getcwd(buffer.data(), buffer.size()) == nullptr) {
    return Failure(platform::system_error("working directory", errno));
  }
  const std::string here = buffer.data();
  JobCommon& common = request->common.edit();
  common.submit_directory = here;
  if (common.directory.empty()) {
    common.directory = here;
  } else if (!common.directory.starts_with('/')) {
    common.directory = here + "/" + common.directory;
  }
  common.umask = ::umask(0);
  ::umask(common.umask);
  add_limits(request);
  if (::gethostname(buffer.data(), buffer.size() - 1) == 0) common.submit_host = buffer.data();
  return {};
}

Result<wire::Submit> make_submit(const RequestDraft& draft, const std::string& script) {
  auto environment = submitted_environment(draft.exported);
  if (!environment) return Failure(environment.error());
  wire::Submit submit;
  for (std::string& variable : *environment) submit.add_environment(std::move(variable));
  const ClientKey key = make_client_key();
  submit.set_key_high(key.words[0]);
  submit.set_key_low(key.words[1]);
  submit.set_script(script);
  wire::put(draft.job, submit.mutable_request());
  return submit;
}

}  // namespace cox::cmds
