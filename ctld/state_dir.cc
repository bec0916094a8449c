// One controller per directory, and the cluster's secret.
#include "ctld/state_dir.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "common/text.h"
#include "platform/private_file.h"
#include "platform/random.h"

namespace cox::ctld {

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t path_bytes_max = 4096;

Result<std::string> read_or_make_key(const std::string& path) {
  if (auto secret = platform::check_private(path); !secret) {
    return tl::unexpected(secret.error().with_context("cluster key"));
  }
  auto key = platform::read_file(path, key_bytes);
  if (key && key->size() != key_bytes) {
    return fail(Code::bad_usage, path + " holds " + std::to_string(key->size()) + " bytes, not " +
                                     std::to_string(key_bytes));
  }
  if (key || key.error().code != Code::not_found) return key;
  std::string made = platform::random_bytes(key_bytes);
  auto written = platform::write_file_atomic(path, made, {.mode = 0600, .durable = true});
  if (!written) return tl::unexpected(written.error());
  return made;
}

bool has_bytes(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return !error && size != 0;
}

}  // namespace

Result<StateDir> open_state_dir(const Places& places) {
  const std::string& path = places.path;
  const std::string state_path = places.state.empty() ? path + "/state" : places.state;
  const std::string key_path = places.key_file.empty() ? path + "/cluster.key" : places.key_file;
  if (auto made = platform::make_directories(path, 0755); !made) {
    return tl::unexpected(made.error());
  }
  if (auto made = platform::make_directories(state_path, 0700); !made) {
    return tl::unexpected(made.error());
  }
  auto lock = platform::LockFile::acquire(path + "/ctld.pid");
  if (!lock) return tl::unexpected(lock.error());
  auto key = read_or_make_key(key_path);
  if (!key) return tl::unexpected(key.error());
  return StateDir{path, state_path, std::move(*key), std::move(*lock)};
}

Result<void> note_state_files(const std::string& state_path, const std::string& begun_file) {
  const std::string text = state_path + "\n";
  const auto known = platform::read_file(begun_file, path_bytes_max);
  if (known && *known == text) return {};
  return platform::write_file_atomic(begun_file, text, {.mode = 0600, .durable = true});
}

Result<void> check_state_files(const std::string& state_path, const std::string& begun_file) {
  const std::string journal = state_path + "/journal.db";
  if (has_bytes(journal)) return {};
  for (const char* name : {"state.db", "history.db"}) {
    const std::string other = state_path + "/" + name;
    if (!has_bytes(other)) continue;
    return fail(Code::refused, journal + " is missing or empty, and " + other +
                                   " is not: put back the journal.db that belongs to it, or move "
                                   "the others away to begin with nothing");
  }
  const auto begun = platform::read_file(begun_file, path_bytes_max);
  if (!begun && begun.error().code == Code::not_found) return {};
  if (!begun) return Failure(begun.error());
  return fail(Code::refused, journal + " is missing or empty, and there was one in " +
                                 quoted(trim(*begun), path_bytes_max) +
                                 " before: bring it back (is its disk mounted?), or remove " +
                                 begun_file + " to begin with nothing");
}

}  // namespace cox::ctld
