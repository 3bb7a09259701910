#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "app/admin/admin_client.h"
#include "base/text.h"
#include "cli/admin.h"
#include "cli/codes.h"
#include "cli/commands.h"
#include "cli/error_manual.h"
#include "cli/wrapped.h"

namespace gate::cli {
namespace {

using nlohmann::json;

struct Options : AdminOptions {
  std::string id;
};

// What clients have sent is shown on a terminal.
std::string printable(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::string text_of(const json& object, const char* name) { return printable(object.value(name, "")); }

// The manual's words on the code of a refusal; empty where it was not refused.
std::string_view explanation_of(const json& request) {
  const std::string code = text_of(request, "code");
  return code.empty() ? std::string_view{} : error_paragraph(code);
}

double milliseconds(const json& object, const char* name) {
  return static_cast<double>(object.value(name, std::int64_t{0})) / 1000;
}

void put(std::string_view name, const std::string& text) {
  constexpr std::size_t kNameColumns = 10;
  if (!text.empty()) fmt::print("{:<{}}{}\n", name, kNameColumns, wrapped(text, kNameColumns));
}

std::string server_text(const json& server) {
  std::string text = text_of(server, "server") + ": ";
  const auto status = server.value("status", 0U);
  const std::string error = text_of(server, "error");
  if (status != 0) text += fmt::format("{}{}", status, error.empty() ? "" : ", then ");
  text += error;
  const std::string reason = text_of(server, "reason");
  if (!reason.empty()) text += fmt::format(" ({})", reason);
  text += fmt::format(", after {:.1f} ms", milliseconds(server, "total_us"));
  if (server.value("queue_us", 0) > 0)
    text += fmt::format(", {:.1f} of them in the queue", milliseconds(server, "queue_us"));
  if (server.value("connect_us", 0) > 0) text += fmt::format(", {:.1f} to connect", milliseconds(server, "connect_us"));
  return text;
}

void put_servers(const json& request) {
  const auto servers = request.find("servers");
  if (servers == request.end()) return;
  std::string_view name = "servers";
  for (const auto& server : *servers) {
    put(name, server_text(server));
    name = "";
  }
  const auto attempts = request.value("attempts", std::size_t{0});
  if (attempts > servers->size())
    put("", fmt::format("{} attempts in all; the first ones and the last are shown", attempts));
}

// "502 Bad Gateway", and how it ended where that was not well.
std::string answer_text(const json& request) {
  const auto status = request.value("status", 0U);
  const std::string outcome = text_of(request, "outcome");
  const std::string answer = status == 0 ? "none" : fmt::format("{} {}", status, text_of(request, "phrase"));
  return outcome == "complete" ? answer : fmt::format("{}; {}", answer, outcome);
}

void print(const json& request) {
  put("request", text_of(request, "request"));
  put("when", fmt::format("{}, {:.1f} ms", text_of(request, "time"), milliseconds(request, "took_us")));
  put("who", fmt::format("{} port {}, connection {}", text_of(request, "client"), request.value("client_port", 0U),
                         text_of(request, "connection")));
  put("asked",
      fmt::format("{} {} ({})", text_of(request, "method"), text_of(request, "url"), text_of(request, "protocol")));
  put("site", text_of(request, "site"));
  put("rule", text_of(request, "rule"));
  put("answer", answer_text(request));
  put("reason", text_of(request, "reason"));
  put_servers(request);
  const auto paragraph = explanation_of(request);
  if (!paragraph.empty()) fmt::print("\n{}\n", wrapped(paragraph));
}

int why(const Options& options) {
  constexpr std::size_t kDigits = 16;
  const auto id = base::parse_number<std::uint64_t>(options.id, 16);
  if (!id || options.id.size() != kDigits) {
    return fail({.code = kNotARequestId,
                 .side = base::Side::kConfiguration,
                 .what = fmt::format("\"{}\" is not the id of a request", options.id),
                 .why = "an id has 16 hexadecimal digits, as on the error page",
                 .fix = "gate443 why 0165f3a2c4000001"},
                options);
  }
  const auto answer = app::call_admin(options.path(), {{"command", "why"}, {"request", fmt::format("{:016x}", *id)}});
  if (!answer) return fail(answer.error(), options);
  if (options.json) {
    json request = *answer;
    const auto paragraph = explanation_of(request);
    if (!paragraph.empty()) request["explanation"] = paragraph;
    fmt::print("{}\n", request.dump());
  } else if (!options.quiet) {
    print(*answer);
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_why(Parser program) {
  const Parser parser = program.add_subcommand("why", "Tell why a request was refused or failed");
  auto options = std::make_shared<Options>();
  parser.add_option("ID", options->id, "The request's id: from the error page, X-Request-Id or the log").required();
  add_admin_options(parser, *options,
                    "  gate443 why 0165f3a2c4000001\n"
                    "  gate443 why 0165f3a2c4000001 --json");
  return {parser, [options] { return why(*options); }};
}

}  // namespace gate::cli
