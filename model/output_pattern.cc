// Expansion of output file patterns.
#include "model/output_pattern.h"

#include <algorithm>
#include <optional>

#include "common/text.h"

namespace cox {
namespace {

constexpr unsigned padding_max = 10;

std::string padded(std::string text, unsigned width) {
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

// A name of a job may have slashes; a file's may not.
std::string in_one_name(std::string_view text) {
  std::string name(text);
  std::ranges::replace(name, '/', '_');
  return name;
}

// The value of one letter, or nothing for an unknown one. Text values are never padded.
std::optional<std::string> value_of(char letter, unsigned width, const PatternValues& v) {
  switch (letter) {
    case 'j':
      return padded(std::to_string(v.job.value), width);
    case 'J':
      return padded(std::to_string(v.job.value), width) + "." + step_name(v.step);
    case 'A':
      return padded(std::to_string(v.array_job.value != 0 ? v.array_job.value : v.job.value),
                    width);
    case 'a':
      return padded(std::to_string(v.array_index), width);
    case 'n':
      return padded(std::to_string(v.node_index), width);
    case 't':
      return padded(std::to_string(v.task), width);
    case 's':
      return padded(step_name(v.step), width);
    case 'N':
      return std::string(v.node);
    case 'u':
      return std::string(v.user);
    case 'x':
      return in_one_name(v.job_name);
    case '%':
      return std::string("%");
    default:
      return std::nullopt;
  }
}

Failure too_long(std::string_view pattern) {
  return fail(Code::bad_usage, "file pattern \"" + quoted(pattern) + "\" gives a path over " +
                                   std::to_string(output_path_bytes_max) + " bytes");
}

}  // namespace

std::string default_output_pattern(bool is_element) {
  return is_element ? "cox-%A_%a.out" : "cox-%j.out";
}

Result<std::string> expand_pattern(std::string_view pattern, const PatternValues& values) {
  if (const std::size_t stop = pattern.find("\\\\"); stop != std::string_view::npos) {
    if (pattern.size() - 2 > output_path_bytes_max) {
      return too_long(pattern);
    }
    return std::string(pattern.substr(0, stop)) + std::string(pattern.substr(stop + 2));
  }
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (out.size() > output_path_bytes_max) {
      break;
    }
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    unsigned width = 0;
    for (++i; i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9'; ++i) {
      width = width * 10 + static_cast<unsigned>(pattern[i] - '0');
      if (width > padding_max) {
        return fail(Code::bad_usage, "file pattern \"" + quoted(pattern) + "\": padding over " +
                                         std::to_string(padding_max));
      }
    }
    if (i == pattern.size()) {
      return fail(Code::bad_usage, "file pattern \"" + quoted(pattern) + "\" ends with %");
    }
    auto value = value_of(pattern[i], width, values);
    if (!value) {
      return fail(Code::bad_usage, "file pattern \"" + quoted(pattern) + "\": %" +
                                       quoted(pattern.substr(i, 1)) +
                                       " is none of %A %a %J %j %N %n %s %t %u %x %%");
    }
    out += *value;
  }
  if (out.size() > output_path_bytes_max) {
    return too_long(pattern);
  }
  return out;
}

bool is_per_task(std::string_view pattern) {
  if (pattern.find("\\\\") != std::string_view::npos) {
    return false;
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      continue;
    }
    for (++i; i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9'; ++i) {
    }
    if (i < pattern.size() && pattern[i] == 't') {
      return true;
    }
  }
  return false;
}

}  // namespace cox
