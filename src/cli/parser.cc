#include "cli/parser.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <string_view>
#include <utility>

#include "app/exit_code.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/codes.h"

namespace gate::cli {
namespace {

constexpr std::size_t kHelpColumn = 24;

// The command that was being said: the deepest one that is known.
const CLI::App& said(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  while (app->get_name().empty()) app = app->get_parent();  // a group of options
  return *app;
}

// "gate443 cert list"
std::string called(const CLI::App& app) {
  return app.get_parent() ? called(*app.get_parent()) + " " + app.get_name() : app.get_name();
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!each->get_name().empty()) names.push_back(each->get_name());
  }
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* each : app.get_options()) {
    for (const auto& name : each->get_lnames()) names.push_back("--" + name);
  }
  for (const auto* group : app.get_subcommands([](const CLI::App* each) { return each->get_name().empty(); })) {
    for (const auto* each : group->get_options()) names.push_back(each->get_name());
  }
  return names;
}

// What helps: the word that was probably meant, or where all are explained.
std::string help_for(const CLI::App& app, std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const std::string_view meant = base::nearest(word, candidates);
  return meant.empty() ? called(app) + " --help   explains what there is" : fmt::format("did you mean \"{}\"?", meant);
}

base::Error usage_error(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& app = said(root);
  const auto rest = root.remaining(true);
  const std::string word = rest.empty() ? "" : rest.front();
  const auto commands = commands_of(app);
  base::Error usage{.code = kBadUsage, .side = base::Side::kConfiguration, .what = error.what()};
  if (word.starts_with('-')) {
    usage.what = fmt::format("{} has no option \"{}\"", called(app), word);
    usage.fix = help_for(app, word, options_of(app));
  } else if (!word.empty() && !commands.empty()) {
    usage.what = fmt::format("{} has no command \"{}\"", called(app), word);
    usage.fix = help_for(app, word, commands);
  } else if (!word.empty()) {
    usage.what = fmt::format("\"{}\" is one word too many for {}", word, called(app));
    usage.fix = help_for(app, "", {});
  } else if (!commands.empty() && app.get_subcommands().empty()) {
    usage.what = fmt::format("{} wants to be told what to do", called(app));
    usage.fix = fmt::format("one of: {}", fmt::join(commands, ", "));
  } else {
    usage.fix = help_for(app, "", {});
  }
  return usage;
}

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
    if (error.get_exit_code() == 0) return root_->exit(error);  // help was asked for
    fmt::print(stderr, "{}\n", base::render(usage_error(*root_, error)));
    return app::to_int(app::Exit::kConfiguration);
  }
  return std::nullopt;
}

std::string Program::help() const { return root_->help(); }

}  // namespace gate::cli
