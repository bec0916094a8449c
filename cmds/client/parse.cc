// The one unit that sees CLI11. The words arrive normalised (options.h), so that of its parser only
// the plain form "--name VALUE" is used, and only options that were given are built: the rest of a
// table costs nothing at start.
#include "cmds/client/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "common/text.h"

namespace cox::cmds {
namespace {

/// Marks a value, so that no value looks like an option, a list "[a,b]" or nothing to CLI11.
constexpr char value_mark = '=';
constexpr char no_value_mark = '0';

class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(const Command& command) : command_(command) { column_width(30); }

  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return std::string("Usage: cox ") + command_.name + " " + command_.usage + "\n";
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string& text = option->get_option_text();
    return text.empty() || text.starts_with("[=") ? text : " " + text;
  }

 private:
  const Command& command_;
};

CLI::Option* add(CLI::App& app, const OptionSpec& spec) {
  std::string names = std::string("--") + spec.name;
  if (spec.letter != '\0') names = std::string("-") + spec.letter + "," + names;
  if (*spec.value == '\0') return app.add_flag(names, spec.help);
  return app.add_option(names)
      ->description(spec.help)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->option_text(spec.value);
}

std::vector<std::string> plain_words(const NormalWords& words) {
  std::vector<std::string> plain;
  for (const GivenOption& option : words.options) {
    plain.push_back(std::string("--") + option.spec->name);
    if (*option.spec->value == '\0') continue;
    plain.push_back(option.has_value ? value_mark + option.value : std::string(1, no_value_mark));
  }
  std::reverse(plain.begin(), plain.end());  // CLI11 takes words from the back
  return plain;
}

/// What CLI11 read, in the order in which it was given.
std::vector<GivenOption> collect(const CLI::App& app, OptionTable table) {
  std::vector<GivenOption> given;
  std::vector<const CLI::Option*> seen;
  for (const CLI::Option* option : app.parse_order()) {
    const auto spec = std::find_if(table.begin(), table.end(), [&](const OptionSpec& candidate) {
      return option->check_lname(candidate.name);
    });
    if (spec == table.end()) continue;
    const auto nth = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), option));
    seen.push_back(option);
    const CLI::results_t& results = option->results();
    const std::string text = nth < results.size() ? results[nth] : "";
    const bool has_value = *spec->value != '\0' && text.starts_with(value_mark);
    given.push_back({&*spec, has_value ? text.substr(1) : "", has_value});
  }
  return given;
}

}  // namespace

std::string Parsed::value(std::string_view name) const {
  const GivenOption* found = find(name);
  return found == nullptr ? "" : found->value;
}

const GivenOption* Parsed::find(std::string_view name) const {
  const GivenOption* found = nullptr;
  for (const GivenOption& option : words_.options) {
    if (name == option.spec->name) found = &option;
  }
  return found;
}

Result<Parsed> parse(const Command& command, const std::vector<std::string>& words) {
  auto normal = normalise(command.options(), words, command.operands);
  if (!normal) return Failure(normal.error());
  CLI::App app(command.summary, command.name);
  app.set_help_flag();
  std::vector<const OptionSpec*> built;
  for (const GivenOption& option : normal->options) {
    if (std::find(built.begin(), built.end(), option.spec) != built.end()) continue;
    built.push_back(option.spec);
    add(app, *option.spec);
  }
  try {
    std::vector<std::string> plain = plain_words(*normal);
    app.parse(plain);
  } catch (const CLI::Error& error) {
    return fail(Code::bad_usage, error.what());
  }
  normal->options = collect(app, command.options());
  for (const GivenOption& option : normal->options) {
    if (option.spec->is_supported()) continue;
    return fail(Code::bad_usage, std::string("--") + option.spec->name +
                                     ": not supported yet by this version (see: cox " +
                                     command.name + " --help)");
  }
  return Parsed(command, std::move(*normal));
}

std::string help_text(const Command& command) {
  CLI::App app(std::string(command.summary), command.name);
  app.set_help_flag();
  app.formatter(std::make_shared<HelpFormatter>(command));
  for (const OptionSpec& spec : command.options()) {
    if (spec.is_supported()) add(app, spec);
  }
  return app.help();
}

Result<std::uint32_t> number_option(std::string_view name,
                                    std::string_view text,
                                    std::uint32_t minimum,
                                    std::uint32_t maximum) {
  const auto number = parse_u64(text);
  if (number && *number >= minimum && *number <= maximum) {
    return static_cast<std::uint32_t>(*number);
  }
  return fail(Code::bad_usage, "--" + std::string(name) + " " + quoted(text) + ": a number from " +
                                   std::to_string(minimum) + " to " + std::to_string(maximum) +
                                   " is expected");
}

}  // namespace cox::cmds
