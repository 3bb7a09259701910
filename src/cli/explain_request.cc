#include "cli/explain_request.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/admin/admin_client.h"
#include "app/configuration_source.h"
#include "app/explain_request.h"
#include "cli/codes.h"
#include "cli/configuration_file.h"
#include "cli/wrapped.h"
#include "conf/environment.h"

namespace gate::cli {
namespace {

using nlohmann::json;

struct Options : CommonOptions {
  app::RequestToExplain request;
  std::string from = "127.0.0.1";
  std::string configuration = kDefaultConfiguration;
};

constexpr std::size_t kVerdictColumns = 10;

void put(std::string_view name, const std::string& text) {
  fmt::print("{:<{}}{}\n", name, kVerdictColumns, wrapped(text, kVerdictColumns));
}

// The servers behind, as the running server sees them; nothing where there is none that can be asked.
std::optional<http::Explanation::ServerStates> ask_server(const app::Settings& settings) {
  if (!settings.admin) return std::nullopt;
  const auto list = app::call_admin(settings.admin_socket, {{"command", "upstreams"}}, {}, std::chrono::seconds(2));
  if (!list) return std::nullopt;
  http::Explanation::ServerStates states;
  for (const auto& server : *list) {
    states[server.value("server", "")] = {.drained = server.value("state", "") == "drained",
                                          .unwell = server.value("state", "") == "unwell",
                                          .in_flight = server.value("in_flight", 0U),
                                          .weight = server.value("weight", 0U),
                                          .first_byte_seconds = server.value("first_byte_ms", 0.0) / 1000};
  }
  return states;
}

void print_step(const json& step) {
  const std::string indent(2 * step.value("depth", std::size_t{0}), ' ');
  const bool asked = step.value("asked", false);
  const std::string_view verdict = !asked ? "no match" : step.value("takes_it", false) ? "takes it" : "goes on";
  const std::size_t columns = kVerdictColumns + indent.size();
  fmt::print("{:<{}}{}{}\n", verdict, kVerdictColumns, indent, wrapped(step.value("statement", ""), columns + 2));
  const auto note = [&](const std::string& text) {
    fmt::print("{:<{}}{}\n", "", columns + 2, wrapped(text, columns + 2));
  };
  if (!asked) note("it is for: " + step.value("unmet", ""));
  if (const auto notes = step.find("notes"); notes != step.end()) {
    for (const auto& each : *notes) note(each.get<std::string>());
  }
}

void print_answer(const json& answer) {
  std::string text = fmt::format("{} {}", answer.value("status", 0), answer.value("phrase", ""));
  if (answer.contains("code")) text += fmt::format("; {}: {}", answer.value("code", ""), answer.value("reason", ""));
  put("answer", text);
  for (const auto& field : answer.at("fields")) {
    put("", fmt::format("{}: {}", field[0].get<std::string>(), field[1].get<std::string>()));
  }
}

std::string with_note(std::string text, const json& object) {
  const auto note = object.find("note");
  return note == object.end() ? text : fmt::format("{}{}{}", text, text.empty() ? "" : "; ", note->get<std::string>());
}

void print(const json& told, bool server_asked) {
  put("request",
      fmt::format("{} {} from {}", told.value("method", ""), told.value("url", ""), told.value("client", "")));
  const auto& listener = told.at("listener");
  put("listener",
      with_note(fmt::format("{} ({})", listener.value("address", "none"), listener.value("kind", "")), listener));
  if (const auto site = told.find("site"); site != told.end()) {
    const std::string name = site->at("name").is_null() ? "none" : site->at("name").get<std::string>();
    put("site", with_note(fmt::format("{}: {}", name, site->value("because", "")), *site));
    if (const auto server = site->find("passed_to"); server != site->end()) {
      return put("passed to", server->get<std::string>());
    }
  }
  fmt::print("\n");
  for (const auto& step : told.at("steps")) print_step(step);
  fmt::print("{}", told.at("steps").empty() ? "" : "\n");
  if (const auto answer = told.find("answer"); answer != told.end()) return print_answer(*answer);
  put("answer", "is the server's");
  if (!server_asked) put("", "No running server could be asked how they are: all are taken to be up.");
}

int explain(const Options& options) {
  const conf::SystemEnvironment environment;
  auto loaded = app::load_configuration({.path = options.configuration, .text = {}}, environment);
  if (!loaded.good()) {
    fmt::print(options.json ? stdout : stderr, "{}",
               options.json ? conf::render_json(loaded.diagnostics, loaded.sources) + "\n" : loaded.report());
    return to_int(Exit::kConfiguration);
  }
  auto request = options.request;
  const auto client = base::IpAddress::parse(options.from);
  if (!client) {
    return fail({.code = kNotAnAddress,
                 .side = base::Side::kConfiguration,
                 .what = fmt::format("\"{}\" is not an IP address", options.from),
                 .fix = "gate443 explain request GET https://example.com/ --from 192.0.2.7"},
                options);
  }
  request.client = *client;
  const auto states = ask_server(loaded.settings);
  const auto told = app::explain_request(loaded.settings, request, states ? &*states : nullptr);
  if (!told) return fail(told.error(), options);
  if (options.json) {
    fmt::print("{}\n", told->dump(-1, ' ', false, json::error_handler_t::replace));
  } else if (!options.quiet) {
    print(*told, states.has_value());
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_explain_request(Parser explain_parser) {
  const Parser parser = explain_parser.add_subcommand("request", "Tell the way of a request through the configuration");
  auto options = std::make_shared<Options>();
  parser.add_option("METHOD", options->request.method, "GET, POST, …").required();
  parser.add_option("URL", options->request.url, "What is asked for, from https:// on").required();
  parser.add_option("-H,--header", options->request.fields, "A field of the request: 'Name: value'")
      .type_name("FIELD")
      .one_each();
  parser.add_option("--from", options->from, "The client's address").type_name("ADDRESS").show_default();
  parser.add_option("--config", options->configuration, "The configuration").type_name("FILE").show_default();
  add_common_options(parser, *options,
                     "  gate443 explain request GET https://example.com/api/users\n"
                     "  gate443 explain request POST https://example.com/ -H 'Cookie: a=b' --from 192.0.2.7");
  return {parser, [options] { return explain(*options); }};
}

}  // namespace gate::cli
