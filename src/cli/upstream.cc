#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

struct Options : AdminOptions {
  std::string server;
  std::uint32_t weight = 1;
};

void print_list(const nlohmann::json& list) {
  if (list.empty()) {
    fmt::print("no requests are passed on to other servers\n");
    return;
  }
  fmt::print("{:<36} {:<13} {:>6} {:>9} {:>8} {:>6}\n", "server", "state", "flight", "requests", "failures", "weight");
  for (const auto& server : list) {
    const auto weight = server.find("weight");
    fmt::print("{:<36} {:<13} {:>6} {:>9} {:>8} {:>6}\n", server.value("server", ""), server.value("state", ""),
               server.value("in_flight", 0U), server.value("requests", std::uint64_t{0}),
               server.value("failures", std::uint64_t{0}),
               weight == server.end() ? "-" : std::to_string(weight->get<std::uint32_t>()));
  }
}

Parser add_server_command(Parser parser, Options& options, const std::string& name, const std::string& summary) {
  const Parser command = parser.add_subcommand(name, summary);
  command.add_option("SERVER", options.server, "A server as the configuration or the list names it").required();
  return command;
}

}  // namespace

Command add_upstream(Parser program) {
  const Parser parser = program.add_subcommand("upstream", "Show and steer the servers that requests are passed on to");
  auto options = std::make_shared<Options>();
  add_admin_options(parser, *options,
                    "  gate443 upstream list\n"
                    "  gate443 upstream drain app1.internal:3000\n"
                    "  gate443 upstream set-weight https://app2.internal 3");
  parser.require_subcommand();
  parser.take_options_anywhere();
  const Parser list = parser.add_subcommand("list", "Show the servers and how they are doing");
  const Parser drain = add_server_command(parser, *options, "drain", "Send a server no new requests");
  const Parser up = add_server_command(parser, *options, "up", "Send a server requests again, at once");
  const Parser set_weight =
      add_server_command(parser, *options, "set-weight", "Give a server another share, until the restart");
  set_weight.add_option("N", options->weight, "From 1 to 1000").required().within(1U, 1000U);
  return {parser, [options, list, drain, up, set_weight] {
            if (list.parsed()) return show_answer({{"command", "upstreams"}}, *options, print_list);
            nlohmann::json request{{"command", "change_upstream"}, {"server", options->server}};
            if (drain.parsed()) request["drained"] = true;
            if (up.parsed()) request["drained"] = false;
            if (set_weight.parsed()) request["weight"] = options->weight;
            return show_answer(request, *options, print_list);
          }};
}

}  // namespace gate::cli
