// The one unit that sees CLI11, which formats the help. Reading is options.cc's: directives in
// scripts are read by the same rules, and a command that prints no help builds nothing of CLI11.
#include "cmds/client/parse.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "common/text.h"

namespace cox::cmds {
namespace {

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

}  // namespace

std::string Parsed::value(std::string_view name) const {
  const GivenOption* found = find(name);
  return found == nullptr ? "" : found->value;
}

std::vector<std::string> Parsed::values(std::string_view name) const {
  std::vector<std::string> all;
  for (const GivenOption& option : words_.options) {
    if (name == option.spec->name) all.push_back(option.value);
  }
  return all;
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
  for (const GivenOption& option : normal->options) {
    if (option.spec->is_supported()) continue;
    const char* instead = option.spec->help;
    return fail(
        Code::bad_usage,
        std::string("--") + option.spec->name + ": not supported yet by this version (" +
            (*instead == '!' ? instead + 1 : "see: cox " + std::string(command.name) + " --help") +
            ")");
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
