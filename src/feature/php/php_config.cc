#include "feature/php/php_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "client/server_config.h"
#include "conf/codes.h"
#include "conf/table.h"
#include "feature/php/php.h"
#include "http/config/index_names.h"
#include "os/root.h"

namespace gate::php {
namespace {

using Context = conf::Context<PhpOptions>;

void read_root(const conf::Word& word, PhpOptions& options, conf::Reader& reader) {
  auto root = reader.path(word);
  if (!root) return;
  options.root = *std::move(root);
  if (const auto usable = os::Root::check(options.root); !usable) {
    reader.error(usable.error().code, word, usable.error().what, usable.error().why);
  }
}

void read_server(const conf::Word& word, PhpOptions& options, conf::Reader& reader) {
  auto address = client::read_server_address(word, reader);
  if (!address) return;
  if (word.text.contains("://")) {
    return reader.error(conf::kBadChoice, word, "PHP is spoken with in FastCGI, not in HTTP",
                        "such as unix:/run/php/php-fpm.sock or localhost:9000");
  }
  options.server = *std::move(address);
}

void read_index(Context& context, const conf::Statement& statement) {
  context.plan.index = http::config::read_index_names(statement, "index.php", context.reader);
}

void read_split(Context& context, const conf::Statement& statement) {
  context.plan.suffixes.clear();
  for (const auto& word : statement.args) {
    if (word.text.starts_with('.') && http::config::is_plain_name(std::string_view(word.text).substr(1))) {
      context.plan.suffixes.push_back(word.text);
    } else {
      context.reader.error(conf::kBadChoice, word, fmt::format("{} is no suffix", conf::shown(word.text)),
                           "a suffix such as .php");
    }
  }
}

void read_env(Context& context, const conf::Statement& statement) {
  const auto& [name, value] = std::tie(statement.args[0], statement.args[1]);
  const bool fits =
      !name.text.empty() && !base::is_digit(name.text.front()) &&
      std::ranges::all_of(name.text, [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '_'; });
  if (!fits) {
    return context.reader.error(conf::kBadChoice, name,
                                fmt::format("{} is not the name of a variable", conf::shown(name.text)),
                                "letters, digits and \"_\", such as APP_ENV");
  }
  context.plan.environment.emplace_back(name.text, value.text);
}

constexpr client::TimeoutChoice<PhpOptions> kTimeouts[] = {{"connect", {&PhpOptions::connect_timeout, nullptr}},
                                                           {"response", {nullptr, &http::Limits::header_timeout}},
                                                           {"read", {nullptr, &http::Limits::stall_timeout}},
                                                           {"idle", {nullptr, &http::Limits::idle_timeout}}};

void read_timeout(Context& context, const conf::Statement& statement) {
  client::read_timeout(context, statement, kTimeouts);
}

constexpr conf::Directive<PhpOptions> kDirectives[] = {
    {.name = "index",
     .synopsis = "index NAME…|off",
     .summary = "The script that stands for its folder; the first that exists. index.php unless said otherwise.",
     .args = {1, 8},
     .handle = read_index},
    {.name = "split",
     .synopsis = "split SUFFIX…",
     .summary = "What the names of scripts end with; .php unless said otherwise.",
     .args = {1, 8},
     .handle = read_split},
    {.name = "env",
     .synopsis = "env NAME VALUE",
     .summary = "A variable that scripts see, in place of one of that name.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_env},
    {.name = "timeout",
     .synopsis = "timeout connect|response|read|idle TIME",
     .summary = "How long each phase may take: 5s, 60s, 5m unless said otherwise; connections are not kept idle.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_timeout},
};

// An index file that is no script would be one to run in disguise.
void check_index(const conf::Statement& statement, const PhpOptions& options, conf::Reader& reader) {
  for (const auto& index : options.index) {
    const auto ends_so = [&](const std::string& suffix) { return index.ends_with(suffix); };
    if (std::ranges::any_of(options.suffixes, ends_so)) continue;
    reader.error(conf::kContradiction, statement.name,
                 fmt::format("the index file {} is no script by its suffix", conf::shown(index)),
                 "name its suffix with \"split\", or another file with \"index\"");
  }
}

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_php(const conf::Statement& statement, conf::Reader& reader) {
  const auto errors_before = reader.diagnostics().error_count();
  PhpOptions options;
  read_root(statement.args[0], options, reader);
  read_server(statement.args[1], options, reader);
  conf::read_block<PhpOptions>(statement, kDirectives, options, reader);
  if (reader.diagnostics().error_count() == errors_before) check_index(statement, options, reader);
  if (reader.diagnostics().error_count() != errors_before) return nullptr;
  return std::make_unique<PhpPlan>(std::move(options));
}

}  // namespace gate::php
