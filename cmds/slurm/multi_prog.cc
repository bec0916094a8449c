// The command is a shell's `case` over the rank: the ranks are known when the tasks start, not
// here.
#include "cmds/slurm/multi_prog.h"

#include <map>

#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::uint32_t ranks_max = 100'000;

Failure bad_line(std::size_t number, const std::string& what) {
  return fail(Code::bad_usage,
              "--multi-prog: line " + std::to_string(number) + " of the file: " + what);
}

/// Words of a line: blanks part them, but not inside quotes; a backslash keeps what follows.
std::vector<std::string> words_of_line(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool is_open = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && i + 1 < line.size() && quote != '\'') {
      word += line[++i];
      is_open = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      is_open = true;
    } else if (c == ' ' || c == '\t') {
      if (is_open) words.push_back(std::move(word));
      word.clear();
      is_open = false;
    } else {
      word += c;
      is_open = true;
    }
  }
  if (is_open) words.push_back(std::move(word));
  return words;
}

/// "0,2-4" as ranks; "*" as all that no other line has.
Result<std::vector<std::uint32_t>> ranks_of(std::string_view text, std::size_t number) {
  std::vector<std::uint32_t> ranks;
  for (const std::string_view part : split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = parse_u64(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_u64(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= ranks_max) {
      return bad_line(number, quoted(part) + ": ranks as 0,2-4 or * are expected");
    }
    for (std::uint64_t rank = *first; rank <= *last; ++rank) {
      ranks.push_back(static_cast<std::uint32_t>(rank));
    }
  }
  return ranks;
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// An argument with %t and %o filled in; `rank` is a number, or the shell's word for it.
std::string filled(std::string_view word, const std::string& rank, const std::string& offset) {
  std::string out;
  std::string plain;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool is_mark =
        word[i] == '%' && i + 1 < word.size() && (word[i + 1] == 't' || word[i + 1] == 'o');
    if (!is_mark) {
      plain += word[i];
      continue;
    }
    if (!plain.empty()) out += shell_quoted(plain);
    plain.clear();
    out += word[++i] == 't' ? rank : offset;
  }
  if (!plain.empty() || out.empty()) out += shell_quoted(plain);
  return out;
}

class Cases {
 public:
  Result<void> add_line(std::string_view line, std::size_t number) {
    std::vector<std::string> words = words_of_line(line);
    if (words.empty() || words.front().starts_with('#')) return {};
    if (words.size() < 2) return bad_line(number, "a program is missing");
    const std::string which = words.front();
    words.erase(words.begin());
    if (which == "*") {
      rest_ = std::move(words);
      return {};
    }
    const auto ranks = ranks_of(which, number);
    if (!ranks) return Failure(ranks.error());
    for (std::size_t i = 0; i < ranks->size(); ++i) {
      if (!programs_.emplace((*ranks)[i], arm((*ranks)[i], i, words)).second) {
        return bad_line(number, "rank " + std::to_string((*ranks)[i]) + " is in another line too");
      }
    }
    return {};
  }

  Result<std::string> script(std::uint32_t tasks) const {
    std::string text = "case \"$SLURM_PROCID\" in\n";
    std::uint32_t covered = 0;
    for (const auto& [rank, arm] : programs_) {
      text += arm;
      covered += rank < tasks ? 1 : 0;
    }
    if (!rest_.empty()) {
      text +=
          "*) exec" + arguments(rest_, "\"$SLURM_PROCID\"", "\"$SLURM_PROCID\"") + " \"$@\" ;;\n";
    } else if (covered < tasks) {
      std::uint32_t rank = 0;
      while (programs_.contains(rank)) ++rank;
      return fail(Code::bad_usage,
                  "--multi-prog: no line of the file is for rank " + std::to_string(rank));
    } else {
      text += "*) echo \"srun: error: no line is for rank $SLURM_PROCID\" >&2; exit 1 ;;\n";
    }
    return text + "esac\n";
  }

 private:
  static std::string arguments(const std::vector<std::string>& words,
                               const std::string& rank,
                               const std::string& offset) {
    std::string text;
    for (const std::string& word : words) text += " " + filled(word, rank, offset);
    return text;
  }

  static std::string arm(std::uint32_t rank,
                         std::size_t place,
                         const std::vector<std::string>& words) {
    const std::string number = std::to_string(rank);
    return number + ") exec" + arguments(words, number, std::to_string(place)) + " \"$@\" ;;\n";
  }

  std::map<std::uint32_t, std::string> programs_;
  std::vector<std::string> rest_;
};

}  // namespace

Result<std::vector<std::string>> multi_prog_command(std::string_view file,
                                                    const std::vector<std::string>& arguments,
                                                    std::uint32_t tasks) {
  Cases cases;
  std::size_t number = 0;
  std::string joined_lines;
  for (const std::string_view line : split(file, '\n')) {
    ++number;
    if (line.ends_with('\\')) {
      joined_lines += line.substr(0, line.size() - 1);
      continue;
    }
    const std::string whole = joined_lines + std::string(line);
    joined_lines.clear();
    if (auto added = cases.add_line(whole, number); !added) return Failure(added.error());
  }
  const auto script = cases.script(tasks);
  if (!script) return Failure(script.error());
  std::vector<std::string> command = {"/bin/sh", "-c", *script, "srun"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace cox::cmds::slurm
