#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

#include "app/read_settings.h"
#include "base/text.h"
#include "cli/codes.h"
#include "cli/commands.h"
#include "cli/error_manual.h"
#include "cli/explain_request.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string topic;
};

bool is_code(std::string_view topic) {
  return topic.size() > 1 && base::to_lower(topic.front()) == 'g' &&
         base::parse_number<std::uint16_t>(topic.substr(1)).has_value();
}

int print(const Options& options, std::string_view text) {
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"topic", options.topic}, {"text", text}}.dump());
  } else {
    fmt::print("{}\n", text);
  }
  return to_int(Exit::kFine);
}

int unknown(const Options& options) {
  std::vector<std::string_view> names;
  const auto statements = app::statement_help();
  for (const auto& each : statements) names.push_back(each.name);
  const auto near = base::nearest(options.topic, names);
  return fail({.code = kNothingToExplain,
               .side = base::Side::kConfiguration,
               .what = fmt::format("\"{}\" is neither an error code nor a statement", options.topic),
               .why = near.empty() ? "" : fmt::format("did you mean \"{}\"?", near),
               .fix = "gate443 explain   lists the statements"},
              options);
}

int list_statements() {
  std::string_view where;
  for (const auto& each : app::statement_help()) {
    if (each.where != where) fmt::print("{}in {}:\n", where.empty() ? "" : "\n", each.where);
    where = each.where;
    fmt::print("  {:<24} {}\n", each.name, each.summary);
  }
  return to_int(Exit::kFine);
}

int explain(const Options& options) {
  if (options.topic.empty()) return list_statements();
  if (is_code(options.topic)) {
    const auto number = base::parse_number<std::uint16_t>(std::string_view(options.topic).substr(1));
    const auto paragraph = error_paragraph(base::to_string(base::ErrorCode{*number}));
    return paragraph.empty() ? unknown(options) : print(options, paragraph);
  }
  std::string text;
  for (const auto& each : app::statement_help()) {
    if (each.name != options.topic) continue;
    text += fmt::format("{}{}\n  {}\n  in: {}", text.empty() ? "" : "\n\n", each.synopsis, each.summary, each.where);
  }
  return text.empty() ? unknown(options) : print(options, text);
}

}  // namespace

Command add_explain(Parser program) {
  const Parser parser =
      program.add_subcommand("explain", "Explain an error code, a statement, or the way of a request");
  auto options = std::make_shared<Options>();
  parser.add_option("CODE|STATEMENT", options->topic, "What to explain; nothing lists the statements");
  add_common_options(parser, *options,
                     "  gate443 explain G2107\n"
                     "  gate443 explain redirect\n"
                     "  gate443 explain request GET https://example.com/");
  const auto request = add_explain_request(parser);
  return {parser, [options, request] { return request.parser.parsed() ? request.run() : explain(*options); }};
}

}  // namespace gate::cli
