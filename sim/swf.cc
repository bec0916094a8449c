// See swf.h. What counts as a usable line: the rules that published results are compared by.
#include "sim/swf.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "common/text.h"

namespace cox::sim {
namespace {

constexpr std::size_t fields_of_job = 18;
constexpr std::size_t line_bytes_max = 65'536;
constexpr std::size_t bad_named_max = 5;
/// Half a million years: sums of such times stay far from the end of 64 bits.
constexpr std::int64_t number_max = std::int64_t{1} << 44;
constexpr std::uint32_t processors_max = 10'000'000;

// Places of the fields that are used, from 0.
enum Field : std::size_t { number, submit, wait, run, given, cpu_time, memory, asked, estimate };

constexpr std::size_t user_field = 11;
constexpr std::size_t group_field = 12;

/// Whole numbers as they stand; a fraction, which some fields may have, is cut off.
std::optional<std::int64_t> number_of(std::string_view word) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), whole);
  if (error != std::errc() || whole > number_max || whole < -number_max) return std::nullopt;
  if (end == word.data() + word.size()) return whole;
  if (*end != '.') return std::nullopt;
  const bool is_fraction =
      std::all_of(end + 1, word.data() + word.size(), [](char c) { return c >= '0' && c <= '9'; });
  return is_fraction ? std::optional(whole) : std::nullopt;
}

struct Fields {
  std::array<std::int64_t, fields_of_job> values{};
  std::string wrong;  // empty: all are there
};

Fields fields_of(std::string_view text) {
  Fields fields;
  std::size_t count = 0;
  for (std::size_t at = 0;;) {
    at = text.find_first_not_of(" \t\r", at);
    if (at == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\r", at), text.size());
    const auto value = number_of(text.substr(at, end - at));
    if (!value.has_value()) {
      fields.wrong = "not a number";
      return fields;
    }
    if (count < fields_of_job) fields.values[count] = *value;
    ++count;
    at = end;
  }
  if (count != fields_of_job) fields.wrong = "not 18 fields";
  return fields;
}

/// "; MaxProcs: 100": the first number of the value; nothing when the key is another one.
std::optional<std::int64_t> header_number(std::string_view text, std::string_view key) {
  text = trim(text.substr(1));
  if (!text.starts_with(key)) return std::nullopt;
  text = trim(text.substr(key.size()));
  return parse_i64(text.substr(0, text.find_first_of(" \t")));
}

std::string wrong_with(const SwfJob& job, std::int64_t processors, const SwfLog& log) {
  if (job.run_s < 0) return "no run time";
  if (processors <= 0) return "no processors";
  if (processors > processors_max) return "more than 10,000,000 processors";
  if (job.submit_s < 0) return "no submit time";
  if (!log.jobs.empty() && job.submit_s < log.jobs.back().submit_s) {
    return "submitted before the job above it";
  }
  return {};
}

struct CloseFile {
  void operator()(gzFile file) const { gzclose(file); }
};

using File = std::unique_ptr<gzFile_s, CloseFile>;

}  // namespace

void SwfLog::note_bad(std::size_t line, const std::string& why) {
  BadLines& lines = bad[why];
  if (++lines.count <= bad_named_max) lines.first.push_back(line);
}

void take_line(std::string_view text, std::size_t line, SwfLog* log) {
  const std::string_view content = trim(text);
  if (content.empty()) return;
  if (content.front() == ';') {
    if (const auto most = header_number(content, "MaxProcs:")) log->max_processors = *most;
    return;
  }
  const Fields fields = fields_of(content);
  if (!fields.wrong.empty()) {
    log->note_bad(line, fields.wrong);
    return;
  }
  const auto& values = fields.values;
  const std::int64_t processors =
      values[Field::asked] > 0 ? values[Field::asked] : values[Field::given];
  SwfJob job;
  job.number = values[Field::number];
  job.submit_s = values[Field::submit];
  job.run_s = values[Field::run];
  // Users ask for too little now and then; a scheduler that kills them then would change the log.
  job.limit_s = std::max(values[Field::estimate], values[Field::run]);
  job.user = std::max<std::int64_t>(-1, values[user_field]);
  job.group = std::max<std::int64_t>(-1, values[group_field]);
  job.line = line;
  if (const std::string wrong = wrong_with(job, processors, *log); !wrong.empty()) {
    log->note_bad(line, wrong);
    return;
  }
  job.processors = static_cast<std::uint32_t>(processors);
  log->jobs.push_back(job);
}

Result<SwfLog> read_swf(const std::string& path) {
  errno = 0;
  const File file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) {
    const Code code = errno == EACCES ? Code::not_permitted : Code::not_found;
    return fail(code, path + ": " + std::strerror(errno));
  }
  SwfLog log;
  std::vector<char> buffer(1U << 18U);
  std::string rest;  // the line that the last piece ended in
  std::size_t line = 0;
  for (;;) {
    const int got = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    if (got < 0) {
      int number = 0;
      const char* why = gzerror(file.get(), &number);
      if (number == Z_ERRNO) why = std::strerror(errno);
      return fail(Code::bad_usage, path + ": " + why);
    }
    std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end; (end = piece.find('\n')) != std::string_view::npos;) {
      if (rest.empty()) {
        take_line(piece.substr(0, end), ++line, &log);
      } else {
        rest += piece.substr(0, end);
        take_line(rest, ++line, &log);
        rest.clear();
      }
      piece.remove_prefix(end + 1);
    }
    rest += piece;
    if (rest.size() > line_bytes_max) {
      return fail(Code::bad_usage, path + ": line " + std::to_string(line + 1) +
                                       " is longer than " + std::to_string(line_bytes_max) +
                                       " bytes: not a log");
    }
    if (got == 0) break;
  }
  if (!rest.empty()) take_line(rest, ++line, &log);
  if (int number = 0; gzerror(file.get(), &number) != nullptr && number == Z_BUF_ERROR) {
    return fail(Code::bad_usage, path + ": the compressed file ends too early");
  }
  if (log.jobs.empty()) {
    return fail(Code::bad_usage,
                path + ": no line is a job of 18 numbers (Standard Workload Format)");
  }
  return log;
}

}  // namespace cox::sim
