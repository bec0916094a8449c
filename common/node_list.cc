// Reading and writing of compact node lists. Counts before it expands, so that a hostile range of
// billions costs nothing.
#include "common/node_list.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include "common/text.h"

namespace cox {
namespace {

constexpr std::size_t node_name_bytes_max = 64;

struct Range {
  std::uint64_t low = 0, high = 0;
  std::size_t width = 0;
};

// One name with its brackets: literal[0] ranges[0] literal[1] ...
struct Term {
  std::vector<std::string> literals;
  std::vector<std::vector<Range>> ranges;
};

Failure bad(std::string_view part, std::string_view why) {
  return fail(Code::bad_usage, "node list \"" + quoted(part) + "\": " + std::string(why));
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<Range> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::string_view low = text.substr(0, dash);
  const std::string_view high = dash == std::string_view::npos ? low : text.substr(dash + 1);
  const auto from = parse_u64(low);
  const auto to = parse_u64(high);
  if (!is_digits(low) || !is_digits(high) || !from || !to) {
    return bad(text, "expected NUMBER or NUMBER-NUMBER");
  }
  if (*from > *to) {
    return bad(text, "the range runs backwards");
  }
  return Range{*from, *to, low.size()};
}

Result<std::vector<Range>> parse_bracket(std::string_view text) {
  std::vector<Range> ranges;
  for (const auto part : split(text, ',')) {
    auto range = parse_range(part);
    if (!range) {
      return Failure(range.error());
    }
    ranges.push_back(*range);
  }
  return ranges;
}

Result<Term> parse_term(std::string_view text) {
  Term term;
  std::string_view rest = text;
  while (true) {
    const std::size_t open = rest.find('[');
    term.literals.emplace_back(rest.substr(0, open));
    if (open == std::string_view::npos) {
      break;
    }
    const std::size_t close = rest.find(']', open);
    if (close == std::string_view::npos) {
      return bad(text, "\"[\" without \"]\"");
    }
    auto ranges = parse_bracket(rest.substr(open + 1, close - open - 1));
    if (!ranges) {
      return Failure(ranges.error());
    }
    term.ranges.push_back(std::move(*ranges));
    rest = rest.substr(close + 1);
  }
  for (const auto& literal : term.literals) {
    if (literal.find(']') != std::string::npos) {
      return bad(text, "\"]\" without \"[\"");
    }
  }
  return term;
}

// How many names the term gives, or limit + 1 when more than the limit.
std::size_t term_size(const Term& term, std::size_t limit) {
  std::size_t product = 1;
  for (const auto& bracket : term.ranges) {
    std::size_t sum = 0;
    for (const auto& range : bracket) {
      const std::uint64_t steps = range.high - range.low;
      if (steps >= limit || sum + steps + 1 > limit) {
        return limit + 1;
      }
      sum += steps + 1;
    }
    if (product > limit / sum) {
      return limit + 1;
    }
    product *= sum;
  }
  return product;
}

void expand_term(const Term& term,
                 std::size_t at,
                 const std::string& prefix,
                 std::vector<std::string>* out) {
  const std::string so_far = prefix + term.literals[at];
  if (at == term.ranges.size()) {
    out->push_back(so_far);
    return;
  }
  for (const auto& range : term.ranges[at]) {
    for (std::uint64_t i = range.low; i <= range.high; ++i) {
      std::string number = std::to_string(i);
      if (number.size() < range.width) {
        number.insert(0, range.width - number.size(), '0');
      }
      expand_term(term, at + 1, so_far + number, out);
    }
  }
}

// Commas outside brackets separate names.
std::vector<std::string_view> split_names(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  bool inside = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && !inside)) {
      parts.push_back(trim(text.substr(from, i - from)));
      from = i + 1;
    } else if (text[i] == '[') {
      inside = true;
    } else if (text[i] == ']') {
      inside = false;
    }
  }
  return parts;
}

struct SplitName {
  std::string prefix;
  std::string digits;
};

SplitName split_name(const std::string& name) {
  std::size_t at = name.size();
  while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9') {
    --at;
  }
  // More digits than a number holds stay part of the prefix.
  if (name.size() - at > 18) {
    at = name.size() - 18;
  }
  return {name.substr(0, at), name.substr(at)};
}

std::string fold_group(const std::string& prefix,
                       std::size_t width,
                       const std::vector<std::uint64_t>& numbers) {
  const auto padded = [width](std::uint64_t n) {
    std::string text = std::to_string(n);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
  };
  if (numbers.size() == 1) {
    return prefix + padded(numbers[0]);
  }
  std::string out = prefix + "[";
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i;
    while (end + 1 < numbers.size() && numbers[end + 1] == numbers[end] + 1) {
      ++end;
    }
    out += (i == 0 ? "" : ",") + padded(numbers[i]);
    if (end > i) {
      out += "-" + padded(numbers[end]);
    }
    i = end + 1;
  }
  return out + "]";
}

}  // namespace

Result<std::vector<std::string>> expand_node_list(std::string_view text, std::size_t limit) {
  std::vector<Term> terms;
  std::size_t total = 0;
  for (const auto part : split_names(text)) {
    if (part.empty()) {
      return bad(text, "an empty name");
    }
    auto term = parse_term(part);
    if (!term) {
      return Failure(term.error());
    }
    const std::size_t size = term_size(*term, limit);
    if (size > limit || total + size > limit) {
      return bad(part, "more than " + std::to_string(limit) + " nodes");
    }
    total += size;
    terms.push_back(std::move(*term));
  }
  std::vector<std::string> names;
  names.reserve(total);
  for (const auto& term : terms) {
    expand_term(term, 0, "", &names);
  }
  std::unordered_set<std::string_view> seen;
  std::vector<std::string> unique;
  unique.reserve(names.size());
  for (const auto& name : names) {
    if (!is_node_name(name)) {
      return bad(name, "no name of a node");
    }
    if (seen.insert(name).second) {
      unique.push_back(name);
    }
  }
  return unique;
}

std::string fold_node_list(const std::vector<std::string>& names) {
  // Runs of names with the same prefix and digit width become one bracket; order is kept.
  std::string out;
  for (std::size_t i = 0; i < names.size();) {
    const SplitName first = split_name(names[i]);
    std::vector<std::uint64_t> numbers;
    std::size_t end = i;
    while (end < names.size()) {
      const SplitName next = split_name(names[end]);
      const bool padded = !first.digits.empty() && first.digits[0] == '0' && first.digits != "0";
      const bool same_width = padded || (!next.digits.empty() && next.digits[0] == '0')
                                  ? next.digits.size() == first.digits.size()
                                  : true;
      if (next.prefix != first.prefix || next.digits.empty() || !same_width ||
          (!numbers.empty() && *parse_u64(next.digits) <= numbers.back())) {
        break;
      }
      numbers.push_back(*parse_u64(next.digits));
      ++end;
    }
    out += out.empty() ? "" : ",";
    if (numbers.empty()) {
      out += names[i++];
    } else {
      out += fold_group(first.prefix, first.digits.size(), numbers);
      i = end;
    }
  }
  return out;
}

std::string fold_counts(const std::vector<unsigned>& counts) {
  std::string out;
  for (std::size_t i = 0; i < counts.size();) {
    std::size_t end = i;
    while (end < counts.size() && counts[end] == counts[i]) {
      ++end;
    }
    out += (out.empty() ? "" : ",") + std::to_string(counts[i]);
    if (end - i > 1) {
      out += "(x" + std::to_string(end - i) + ")";
    }
    i = end;
  }
  return out;
}

bool is_node_name(std::string_view name) {
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= node_name_bytes_max && alnum(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace cox
