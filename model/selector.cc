// A recursive parser, bounded in depth, that writes the expression down operands first.
#include "model/selector.h"

#include <algorithm>
#include <optional>

#include "common/text.h"

namespace cox {
namespace {

constexpr std::size_t word_bytes_max = 64;

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./:+@").find(c) != std::string_view::npos;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

bool is_label_value(std::string_view text) {
  return text.size() <= word_bytes_max && std::ranges::all_of(text, is_word_character);
}

bool is_label_key(std::string_view text) {
  return !text.empty() && is_label_value(text);
}

Result<void> check_label(std::string_view key, std::string_view value) {
  const bool is_key = is_label_key(key);
  if (is_key && is_label_value(value)) return {};
  return fail(Code::bad_usage, "label \"" + quoted(key, 70) + "=" + quoted(value, 70) +
                                   "\": " + (is_key ? "the value" : "the key") +
                                   " may have letters, digits and - _ . / : + @, at most " +
                                   std::to_string(word_bytes_max) + " of them");
}

class SelectorParser {
 public:
  /// Of a longer expression that text is a part of: how its complaints begin, and where in it.
  struct Whole {
    std::string head;
    std::size_t begin = 0;
  };

  explicit SelectorParser(std::string_view text, std::optional<Whole> whole = {})
      : text_(text), whole_(std::move(whole)) {}

  Result<Selector> parse() {
    if (text_.size() > selector_bytes_max) {
      return fail(Code::bad_usage, "selector \"" + quoted(text_, 40) + "\" is longer than " +
                                       std::to_string(selector_bytes_max) + " bytes");
    }
    skip();
    if (at_ == text_.size()) return std::move(made_);
    parse_either(0);
    if (!error_ && at_ < text_.size()) complain("& or | is missing");
    if (error_) return Failure(*error_);
    return std::move(made_);
  }

 private:
  using Op = Selector::Op;

  // Each reads one part of the grammar; after a complaint all of them return at once.
  void parse_either(std::size_t depth) {
    parse_both(depth);
    while (take('|')) {
      parse_both(depth);
      add(Op::either);
    }
  }

  void parse_both(std::size_t depth) {
    parse_one(depth);
    while (take('&')) {
      parse_one(depth);
      add(Op::both);
    }
  }

  void parse_one(std::size_t depth) {
    if (error_) return;
    if (depth >= selector_depth_max) return complain("is nested too deeply");
    if (take('!')) {
      parse_one(depth + 1);
      return add(Op::negate);
    }
    if (!take('(')) return parse_term();
    parse_either(depth + 1);
    if (!take(')')) complain(") is missing");
  }

  void parse_term() {
    const std::string key = word();
    if (!is_label_key(key)) return complain("a label is missing");
    if (++terms_ > selector_terms_max) return complain("has too many terms");
    const bool differs = text_.substr(at_).starts_with("!=");
    if (differs) ++at_;
    if (!take('=')) return add(Op::has, key);
    const std::string value = word();
    if (!is_label_value(value)) return complain("a value is too long");
    add(differs ? Op::differs : Op::equals, key, value);
  }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word_character(text_[at_])) ++at_;
    std::string read(text_.substr(begin, at_ - begin));
    skip();
    return read;
  }

  bool take(char wanted) {
    if (error_ || at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    skip();
    return true;
  }

  void skip() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  void add(Op op, std::string key = {}, std::string value = {}) {
    if (!error_) made_.program_.push_back({op, std::move(key), std::move(value)});
  }

  void complain(const std::string& what) {
    if (error_) return;
    if (whole_) {
      const std::string column = std::to_string(whole_->begin + at_ + 1);
      error_ = Error{Code::bad_usage, whole_->head + what + " at column " + column};
      return;
    }
    const std::string place =
        at_ < text_.size() ? " at \"" + quoted(text_.substr(at_), 20) + '"' : " at its end";
    error_ = Error{Code::bad_usage, "selector \"" + quoted(text_) + "\": " + what + place};
  }

  std::string_view text_;
  std::optional<Whole> whole_;
  std::size_t at_ = 0;
  std::size_t terms_ = 0;
  Selector made_;
  std::optional<Error> error_;
};

Result<Selector> Selector::parse(std::string_view text) {
  return SelectorParser(text).parse();
}

Result<Selector> Selector::parse_part(std::string_view text,
                                      std::string_view whole,
                                      std::size_t begin,
                                      const char* what) {
  const std::string head = std::string(what) + " \"" + quoted(whole) + "\": ";
  return SelectorParser(text, SelectorParser::Whole{head, begin}).parse();
}

bool Selector::matches(const Labels& labels) const {
  if (program_.empty()) return true;
  std::vector<bool> stack;
  const auto pop = [&stack] {
    const bool top = stack.back();
    stack.pop_back();
    return top;
  };
  for (const Step& step : program_) {
    const auto label = labels.find(step.key);
    const bool is_there = label != labels.end();
    switch (step.op) {
      case Op::has:
        stack.push_back(is_there);
        break;
      case Op::equals:
        stack.push_back(is_there && label->second == step.value);
        break;
      case Op::differs:
        stack.push_back(!is_there || label->second != step.value);
        break;
      case Op::negate:
        stack.back() = !stack.back();
        break;
      case Op::both:
      case Op::either: {
        const bool right = pop();
        const bool left = pop();
        stack.push_back(step.op == Op::both ? left && right : left || right);
        break;
      }
    }
  }
  return stack.back();
}

}  // namespace cox
