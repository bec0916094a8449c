// Cuts the expression at what stands outside of parentheses and brackets; what is between is read
// by the parser of selectors.
#include "model/constraint.h"

#include <optional>
#include <utility>

#include "common/text.h"

namespace cox {
namespace {

bool opens(char c) {
  return c == '(' || c == '[';
}

bool closes(char c) {
  return c == ')' || c == ']';
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

class ConstraintParser {
 public:
  explicit ConstraintParser(std::string_view text) : text_(text) {}

  Result<Constraint> parse() {
    if (text_.size() > selector_bytes_max) {
      return fail(Code::bad_usage, "constraint \"" + quoted(text_, 40) + "\" is longer than " +
                                       std::to_string(selector_bytes_max) + " bytes");
    }
    const Span all = trimmed({0, text_.size()});
    if (all.begin == all.end) return Constraint{};
    check_brackets();
    conjunction(all, 0);
    if (error_) return Failure(*std::move(error_));
    made_.text_ = std::string(text_);
    return std::move(made_);
  }

 private:
  struct Span {
    std::size_t begin = 0, end = 0;
  };

  void complain(const std::string& what, std::size_t at) {
    if (error_) return;
    error_ = Error{Code::bad_usage, "constraint \"" + quoted(text_) + "\": " + what +
                                        " at column " + std::to_string(at + 1)};
  }

  /// Each bracket has its partner, so that all the rest may count on it.
  void check_brackets() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (opens(text_[i])) open.push_back(i);
      if (open.size() > selector_depth_max) return complain("is nested too deeply", i);
      if (!closes(text_[i])) continue;
      const char partner = text_[i] == ')' ? '(' : '[';
      if (open.empty() || text_[open.back()] != partner) {
        return complain(std::string(1, partner) + " is missing before the bracket", i);
      }
      open.pop_back();
    }
    if (open.empty()) return;
    complain(std::string(text_[open.back()] == '(' ? ")" : "]") + " is missing for the bracket",
             open.back());
  }

  /// Where `wanted` stands in `in`, outside of all brackets; nothing: nowhere.
  std::optional<std::size_t> find(Span in, char wanted) const {
    std::size_t depth = 0;
    for (std::size_t i = in.begin; i < in.end; ++i) {
      if (depth == 0 && text_[i] == wanted) return i;
      if (opens(text_[i])) ++depth;
      if (closes(text_[i])) --depth;
    }
    return std::nullopt;
  }

  Span trimmed(Span span) const {
    while (span.begin < span.end && is_space(text_[span.begin])) ++span.begin;
    while (span.begin < span.end && is_space(text_[span.end - 1])) --span.end;
    return span;
  }

  std::string_view text_of(Span span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }

  Selector selector(Span span) {
    if (error_) return {};
    if (span.begin == span.end) {
      complain("a label is missing", span.begin);
      return {};
    }
    for (std::size_t i = span.begin; i < span.end; ++i) {
      if (text_[i] == '*') complain("a count cannot stand inside of another part", i);
      if (text_[i] == '[') complain("brackets cannot stand inside of another part", i);
    }
    if (error_) return {};
    auto read = Selector::parse_part(text_of(span), text_, span.begin, "constraint");
    if (read) return *std::move(read);
    error_ = read.error();
    return {};
  }

  void conjunction(Span span, std::size_t depth) {
    if (error_) return;
    if (depth >= selector_depth_max) return complain("is nested too deeply", span.begin);
    if (find(span, '|')) {
      if (const auto count = find(span, '*')) {
        return complain("a count cannot stand beside |", *count);
      }
      made_.each_.push_back(selector(span));
      return;
    }
    while (!error_) {
      const auto cut = find(span, '&');
      part(trimmed({span.begin, cut.value_or(span.end)}), depth);
      if (!cut) return;
      span.begin = *cut + 1;
    }
  }

  void part(Span span, std::size_t depth) {
    if (span.begin < span.end && text_[span.begin] == '[') return bracket(span, depth);
    const auto star = find(span, '*');
    if (!star) {
      made_.each_.push_back(selector(span));
      return;
    }
    const Span kind = trimmed({span.begin, *star});
    const Span number = trimmed({*star + 1, span.end});
    const auto count = parse_u64(text_of(number));
    if (!count || *count == 0 || *count > counted_nodes_max) {
      return complain(
          "a number of nodes from 1 to " + std::to_string(counted_nodes_max) + " is missing",
          number.begin);
    }
    if (made_.counted_.size() == counted_kinds_max) {
      return complain("more than " + std::to_string(counted_kinds_max) + " kinds are counted",
                      span.begin);
    }
    Selector read = selector(kind);
    made_.counted_.push_back(
        {std::move(read), static_cast<std::uint32_t>(*count), std::string(text_of(kind))});
  }

  /// [a|b]: all nodes match one of them. Without |, brackets are as parentheses.
  void bracket(Span span, std::size_t depth) {
    const Span rest{span.begin + 1, span.end};
    const std::size_t close = *find(rest, ']');
    if (const Span after = trimmed({close + 1, span.end}); after.begin < after.end) {
      return complain("& is missing", after.begin);
    }
    Span inside{rest.begin, close};
    if (!find(inside, '|')) return conjunction(trimmed(inside), depth + 1);
    if (!made_.choices_.empty()) return complain("a second choice between groups", span.begin);
    if (const auto count = find(inside, '*')) {
      return complain("a count cannot stand in a choice", *count);
    }
    while (!error_) {
      const auto cut = find(inside, '|');
      const Span one = trimmed({inside.begin, cut.value_or(inside.end)});
      if (made_.choices_.size() == choices_max) {
        return complain("more than " + std::to_string(choices_max) + " groups", one.begin);
      }
      Selector read = selector(one);
      made_.choices_.push_back({std::move(read), std::string(text_of(one))});
      if (!cut) return;
      inside.begin = *cut + 1;
    }
  }

  std::string_view text_;
  Constraint made_;
  std::optional<Error> error_;
};

Result<Constraint> Constraint::parse(std::string_view text) {
  return ConstraintParser(text).parse();
}

Constraint::Fit Constraint::fit(const Labels& labels) const {
  for (const Selector& selector : each_) {
    if (!selector.matches(labels)) return {};
  }
  Fit fit{choices_.empty() ? 1U : 0U, 0};
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (choices_[i].selector.matches(labels)) fit.choices |= 1U << i;
  }
  if (fit.choices == 0) return {};
  for (std::size_t i = 0; i < counted_.size(); ++i) {
    if (!counted_[i].selector.matches(labels)) continue;
    fit.kinds = static_cast<std::uint8_t>(fit.kinds | (1U << i));
  }
  return fit;
}

std::uint64_t Constraint::nodes_counted() const {
  std::uint64_t nodes = 0;
  for (const Counted& one : counted_) nodes += one.count;
  return nodes;
}

}  // namespace cox
