// Reads command words as getopt_long does.
#include "cmds/slurm/option_table.h"

#include <algorithm>
#include <array>

#include "common/assert.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

const Option& canonical(Options table, const Option& option) {
  return *option.same_as == '\0' ? option : row_of(table, option.same_as);
}

class Reader {
 public:
  Reader(Options table, const std::vector<std::string>& words) : table_(table), words_(words) {}

  Result<Words> read(Stop stop) {
    for (at_ = 0; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      const bool is_operand = word.size() < 2 || word[0] != '-';
      if (word == "--" || (is_operand && stop == Stop::at_operand)) {
        for (std::size_t i = at_ + (is_operand ? 0 : 1); i < words_.size(); ++i) {
          out_.operands.push_back(words_[i]);
        }
        break;
      }
      if (is_operand) {
        out_.operands.push_back(word);
        continue;
      }
      const Result<void> taken = word[1] == '-' ? take_long(word) : take_short(word);
      if (!taken) return Failure(taken.error());
    }
    return std::move(out_);
  }

 private:
  /// The option that `name` means: exact, or the only one it is a prefix of.
  Result<const Option*> find_long(const std::string& name) const {
    const Option* found = nullptr;
    for (const Option& option : table_) {
      const std::string_view full = option.name;
      if (full == name) return &canonical(table_, option);
      if (name.empty() || !full.starts_with(name)) continue;
      const Option* meant = &canonical(table_, option);
      if (found != nullptr && found != meant) {
        return fail(Code::bad_usage, "option '--" + name + "' is ambiguous; possibilities: '--" +
                                         found->name + "' '--" + meant->name + "'");
      }
      found = meant;
    }
    if (found != nullptr) return found;
    return fail(Code::bad_usage, "unrecognized option '--" + quoted(name) + "'");
  }

  Result<void> add(const Option& option, std::string value, bool has_value) {
    const std::string name =
        *option.name == '\0' ? std::string("-") + option.letter : std::string("--") + option.name;
    if (option.parity == Parity::refused) {
      return fail(Code::bad_usage, name + ": " + option.how);
    }
    if (value.find('\0') != std::string::npos) {
      return fail(Code::bad_usage, name + ": has a NUL byte");
    }
    out_.options.push_back({&option, std::move(value), has_value});
    return {};
  }

  Result<void> take_next(const Option& option, const std::string& as_given) {
    if (!option.takes_value()) return add(option, "", false);
    if (at_ + 1 >= words_.size()) {
      return fail(Code::bad_usage, "option '" + as_given + "' requires an argument");
    }
    return add(option, words_[++at_], true);
  }

  Result<void> take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto option = find_long(name);
    if (!option) return Failure(option.error());
    if (equals == std::string::npos) return take_next(**option, "--" + name);
    if (*(*option)->value == '\0') {
      return fail(Code::bad_usage,
                  std::string("option '--") + (*option)->name + "' doesn't allow an argument");
    }
    return add(**option, word.substr(equals + 1), true);
  }

  Result<void> take_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto found = std::ranges::find_if(
          table_, [&](const Option& option) { return option.letter == word[i]; });
      if (found == table_.end()) {
        return fail(Code::bad_usage, "invalid option -- '" + quoted(word.substr(i, 1)) + "'");
      }
      const Option& option = canonical(table_, *found);
      const std::string rest = word.substr(i + 1);
      if (option.takes_value() && rest.empty()) return take_next(option, word.substr(i, 1));
      if (option.takes_value()) return add(option, rest, true);
      if (option.may_take_value() && !rest.empty()) return add(option, rest, true);
      const auto added = add(option, "", false);
      if (!added) return added;
    }
    return {};
  }

  Options table_;
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  Words out_;
};

}  // namespace

std::string_view to_text(Parity parity) {
  constexpr std::array<std::string_view, 3> words{"exact", "approximated", "refused"};
  return words[static_cast<std::size_t>(parity)];
}

const Given* Words::find(std::string_view name) const {
  const Given* found = nullptr;
  for (const Given& given : options) {
    if (name == given.option->name) found = &given;
  }
  return found;
}

std::string Words::value(std::string_view name) const {
  const Given* found = find(name);
  return found == nullptr ? "" : found->value;
}

const Option& row_of(Options table, std::string_view name) {
  const auto found =
      std::ranges::find_if(table, [&](const Option& option) { return name == option.name; });
  ASSERT(found != table.end());
  return *found;
}

Result<Words> read_words(Options table, const std::vector<std::string>& words, Stop stop) {
  return Reader(table, words).read(stop);
}

}  // namespace cox::cmds::slurm
