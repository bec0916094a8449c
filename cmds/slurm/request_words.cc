// See request_words.h.
#include "cmds/slurm/request_words.h"

#include <algorithm>

#include "cmds/slurm/text.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::size_t node_file_bytes_max = 1U << 20;

}  // namespace

std::string option_name(const Variable& from) {
  if (*from.option != '\0') return from.option;
  std::string name = from.name;
  for (char& c : name) c = c == '_' ? '-' : static_cast<char>(c - 'A' + 'a');
  return name;
}

std::vector<std::string> words_of(std::span<const Variable> variables,
                                  const std::string& prefix,
                                  Options table) {
  std::vector<std::string> words;
  for (const Variable& one : variables) {
    const std::string value = variable(prefix + one.name);
    if (value.empty()) continue;
    const Option& option = row_of(table, option_name(one));
    const std::string word = std::string("--") + option.name;
    if (option.takes_value() || option.may_take_value()) {
      words.push_back(word + "=" + value);
    } else if (value != "0" && value != "no") {
      words.push_back(word);
    }
  }
  return words;
}

Result<void> check_features(const std::string& option, const std::string& text) {
  std::vector<bool> has_bar{false};  // of each bracket that is open
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[') has_bar.push_back(false);
    if ((c == ')' || c == ']') && has_bar.size() > 1) has_bar.pop_back();
    if (c == '|') has_bar.back() = true;
    if (c != '&' || !has_bar.back()) continue;
    return fail(Code::bad_usage, "--" + option + " " + quoted(text) + ": & behind | at column " +
                                     std::to_string(i + 1) + " (use parentheses)");
  }
  return {};
}

Result<std::string> node_list(const std::string& text, bool is_file) {
  if (!is_file && text.find('/') == std::string::npos) return text;
  const auto content = platform::read_file(text, node_file_bytes_max);
  if (!content) return Failure(content.error());
  std::vector<std::string> lists;
  for (const std::string_view line : split(*content, '\n')) {
    if (!trim(line).empty()) lists.emplace_back(trim(line));
  }
  return join(lists, ",");
}

Result<std::string> node_order(const std::string& text) {
  const std::string_view order = std::string_view(text).substr(0, text.find_first_of(":,"));
  std::string_view rest = std::string_view(text).substr(order.size());
  // Within a node tasks are laid out by their binding; what is left to us there is no request.
  while (rest.starts_with(":*")) rest.remove_prefix(2);
  const bool is_known = order == "block" || order == "cyclic" || order.starts_with("plane=");
  if (rest.empty() && order == "*") return std::string();
  if (rest.empty() && is_known) return std::string(order);
  return fail(Code::bad_usage,
              "--distribution " + quoted(text) + ": block, cyclic or plane=N is expected");
}

bool CoxWords::supports(std::string_view name) const {
  const auto spec =
      std::ranges::find_if(table_, [&](const OptionSpec& option) { return name == option.name; });
  return spec != table_.end() && spec->is_supported();
}

Result<void> CoxWords::add(std::string_view name, const std::string& value, bool has_value) {
  if (!supports(name)) return fail(Code::bad_usage, "--" + std::string(name) + ": " + later);
  const auto spec =
      std::ranges::find_if(table_, [&](const OptionSpec& option) { return name == option.name; });
  options_.push_back({&*spec, value, has_value});
  return {};
}

bool CoxWords::has(std::string_view name) const {
  return std::ranges::any_of(options_,
                             [&](const GivenOption& option) { return name == option.spec->name; });
}

std::string CoxWords::value(std::string_view name) const {
  std::string found;
  for (const GivenOption& option : options_) {
    if (name == option.spec->name) found = option.value;
  }
  return found;
}

void CoxWords::remove(std::string_view name) {
  std::erase_if(options_, [&](const GivenOption& option) { return name == option.spec->name; });
}

}  // namespace cox::cmds::slurm
