// See service_files.h. A file that somebody else wrote is never replaced.
#include "cmds/join/service_files.h"

#include <algorithm>
#include <string_view>

#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {
namespace {

constexpr std::size_t service_bytes_max = 64U << 10;
constexpr std::string_view service_first_line =
    "# Written by cox join: how coxnoded.service starts the node daemon of this host.\n";

/// The service's manager splits at blanks and knows quotes, variables and specifiers.
bool is_plain_word(std::string_view word) {
  return std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+@:,=[]").find(c) != std::string_view::npos;
  });
}

Result<void> check_plain_word(const char* what, const std::string& word) {
  if (is_plain_word(word)) return {};
  return fail(Code::bad_usage, std::string(what) + " " + quoted(word) +
                                   ": the service could not read it (letters, digits and any of "
                                   "/._-+@:,=[] are expected)");
}

std::string service_text(const ServiceOptions& options, const std::string& key_file) {
  std::string line = "--controller " + options.controller + " --name " + options.name +
                     " --address " + options.address + " --key-file " + key_file;
  if (!options.dir.empty()) line += " --dir " + options.dir;
  return std::string(service_first_line) + "COXNODED_OPTIONS=\"" + line + "\"\n";
}

}  // namespace

Result<void> ServiceFiles::check(const ServiceOptions& options) const {
  if (!are_kept()) return {};
  if (auto plain = check_plain_word("--address", options.address); !plain) return plain;
  if (auto plain = check_plain_word("--dir", options.dir); !plain) return plain;
  if (auto plain = check_plain_word("--etc", etc_); !plain) return plain;
  for (const std::string& directory : {etc_ + "/coxswain", etc_ + "/default"}) {
    if (auto made = platform::make_directories(directory); !made) return made;
  }
  const auto there = platform::read_file(options_file(), service_bytes_max);
  if (!there && there.error().code == Code::not_found) return {};
  if (there && there->starts_with(service_first_line)) return {};
  return fail(Code::refused, options_file() +
                                 ": was not written by cox join, which would replace it (move it "
                                 "away, or see: --etc)");
}

Result<void> ServiceFiles::write(const ServiceOptions& options, const std::string& key) const {
  if (!are_kept()) return {};
  const auto kept = platform::write_file_atomic(key_file(), key, {.mode = 0600, .durable = true});
  if (!kept) return kept;
  return platform::write_file_atomic(options_file(), service_text(options, key_file()),
                                     {.mode = 0644, .durable = true});
}

}  // namespace cox::cmds
