#include "cli/parser.h"

#include <CLI/CLI.hpp>

#include "app/exit_code.h"

namespace gate::cli {
namespace {

constexpr std::size_t kHelpColumn = 24;

}  // namespace

Option Option::required() const { return Option(option_->required()); }
Option Option::type_name(const std::string& name) const { return Option(option_->type_name(name)); }
Option Option::show_default() const { return Option(option_->capture_default_str()); }
Option Option::one_each() const { return Option(option_->allow_extra_args(false)); }
Option Option::excludes(Option other) const { return Option(option_->excludes(other.option_)); }
Option Option::within(std::uint32_t least, std::uint32_t most) const {
  return Option(option_->check(CLI::Range(least, most)));
}

Parser Parser::add_subcommand(const std::string& name, const std::string& summary) const {
  return Parser(app_->add_subcommand(name, summary));
}

Option Parser::add_option(const std::string& names, std::string& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Parser::add_option(const std::string& names, std::vector<std::string>& values, const std::string& help) const {
  return Option(app_->add_option(names, values, help));
}

Option Parser::add_option(const std::string& names, std::uint32_t& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Parser::add_flag(const std::string& names, bool& value, const std::string& help) const {
  return Option(app_->add_flag(names, value, help));
}

Parser Parser::add_choice(const std::string& name) const {
  auto* group = app_->add_option_group(name);
  group->require_option(1);
  return Parser(group);
}

void Parser::require_subcommand(std::size_t least, std::size_t most) const { app_->require_subcommand(least, most); }
void Parser::take_options_anywhere() const { app_->fallthrough(); }
void Parser::footer(const std::string& text) const { app_->footer(text); }
bool Parser::parsed() const { return app_->parsed(); }

Program::Program(const std::string& name, const std::string& summary)
    : root_(std::make_unique<CLI::App>(summary, name)) {
  root_->get_formatter()->column_width(kHelpColumn);
}

Program::~Program() = default;

// CLI11 throws; nothing else of the program does.
std::optional<int> Program::parse(int argc, const char* const* argv) {
  try {
    root_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = root_->exit(error);
    return code == 0 ? 0 : app::to_int(app::Exit::kConfiguration);
  }
  return std::nullopt;
}

std::string Program::help() const { return root_->help(); }

}  // namespace gate::cli
