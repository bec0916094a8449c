// Reads command words by an option table: prefixes, joined values, "--".
#include "cmds/client/options.h"

#include "common/text.h"

namespace cox::cmds {
namespace {

Failure unknown(OptionTable table, const std::string& name) {
  std::vector<std::string> known;
  for (const OptionSpec& spec : table) known.emplace_back(spec.name);
  std::string message = "--" + quoted(name) + ": unknown option";
  if (const auto near = nearest(name, known)) message += ", perhaps --" + *near;
  return fail(Code::bad_usage, message);
}

/// The option that `name` means: exact, or the only one it is a prefix of.
Result<const OptionSpec*> find_long(OptionTable table, const std::string& name) {
  const OptionSpec* found = nullptr;
  std::string candidates;
  for (const OptionSpec& spec : table) {
    const std::string_view full = spec.name;
    if (full == name) return &spec;
    if (name.empty() || !full.starts_with(name)) continue;
    candidates += (candidates.empty() ? "--" : ", --") + std::string(full);
    if (found != nullptr) continue;
    found = &spec;
  }
  if (found == nullptr) return unknown(table, name);
  if (candidates.find(',') != std::string::npos) {
    return fail(Code::bad_usage, "--" + name + ": ambiguous: " + candidates);
  }
  return found;
}

const OptionSpec* find_short(OptionTable table, char letter) {
  for (const OptionSpec& spec : table) {
    if (spec.letter == letter && letter != '\0') return &spec;
  }
  return nullptr;
}

class Reader {
 public:
  Reader(OptionTable table, const std::vector<std::string>& words) : table_(table), words_(words) {}

  Result<NormalWords> read(Operands operands) {
    for (at_ = 0; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      if (word == "--") {
        out_.dashes = true;
        take_rest(at_ + 1);
        break;
      }
      if (word.size() < 2 || word[0] != '-') {
        if (operands == Operands::end_options) {
          take_rest(at_);
          break;
        }
        out_.operands.push_back(word);
        continue;
      }
      const Result<void> taken = word[1] == '-' ? take_long(word) : take_short(word);
      if (!taken) return Failure(taken.error());
    }
    return std::move(out_);
  }

 private:
  void take_rest(std::size_t from) {
    for (std::size_t i = from; i < words_.size(); ++i) out_.operands.push_back(words_[i]);
    at_ = words_.size();
  }

  Result<void> take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto spec = find_long(table_, name);
    if (!spec) return Failure(spec.error());
    if (equals == std::string::npos) return take_value_of(**spec);
    if (*(*spec)->value == '\0') {
      return fail(Code::bad_usage, quoted(word) + ": --" + (*spec)->name + " takes no value");
    }
    out_.options.push_back({*spec, word.substr(equals + 1), true});
    return {};
  }

  /// The value of an option is the next word, whatever it looks like.
  Result<void> take_value_of(const OptionSpec& spec) {
    if (!spec.takes_value()) {
      out_.options.push_back({&spec, "", false});
      return {};
    }
    if (at_ + 1 >= words_.size()) {
      return fail(Code::bad_usage,
                  std::string("--") + spec.name + ": a value is missing: " + spec.value);
    }
    out_.options.push_back({&spec, words_[++at_], true});
    return {};
  }

  Result<void> take_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const OptionSpec* spec = find_short(table_, word[i]);
      if (spec == nullptr) {
        return fail(Code::bad_usage, "-" + quoted(word.substr(i, 1)) + ": unknown option" +
                                         (word.size() > 2 ? " in " + quoted(word) : ""));
      }
      if (!spec->takes_value()) {
        out_.options.push_back({spec, "", false});
        continue;
      }
      if (i + 1 == word.size()) return take_value_of(*spec);
      const std::size_t from = word[i + 1] == '=' ? i + 2 : i + 1;
      out_.options.push_back({spec, word.substr(from), true});
      return {};
    }
    return {};
  }

  OptionTable table_;
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  NormalWords out_;
};

}  // namespace

Result<void> check_once(const std::vector<GivenOption>& options, std::string_view name) {
  const GivenOption* first = nullptr;
  for (const GivenOption& option : options) {
    if (name != option.spec->name) continue;
    if (first == nullptr) first = &option;
    if (option.value == first->value) continue;
    return fail(Code::bad_usage, "--" + std::string(name) + " " + quoted(first->value) + " and " +
                                     quoted(option.value) + ": only one can be meant");
  }
  return {};
}

Result<NormalWords> normalise(OptionTable table,
                              const std::vector<std::string>& words,
                              Operands operands) {
  return Reader(table, words).read(operands);
}

}  // namespace cox::cmds
