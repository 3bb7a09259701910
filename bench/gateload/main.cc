// The load generator for what packaged ones do not do or do dearly: TLS handshakes by the thousand (full or resumed),
// one request on each, idle connections that are held, and requests at a fixed rate.
//
//   gateload handshake ADDRESS:PORT NAME COUNT CONCURRENCY [resume] [GROUP]
//   gateload idle      ADDRESS:PORT NAME COUNT              holds them until standard input ends
//   gateload rate      ADDRESS:PORT NAME PATH PER-SECOND SECONDS CONNECTIONS
//
// Prints one line of JSON.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "bench/gateload/rate.h"
#include "load/handshakes.h"
#include "loop/loop.h"
#include "os/limits.h"

namespace {

using namespace gate;

constexpr std::chrono::minutes kPatience{2};

int drive(const load::HandshakeSettings& settings) {
  const base::SystemClock clock;
  auto loop = loop::Loop::create(clock);
  if (!loop) return 3;
  auto load = load::Handshakes::create(settings, **loop, clock);
  if (!load) return 3;
  const auto began = clock.now();
  const auto give_up = began + kPatience;  // on a server that keeps connections waiting for others to end
  (*load)->begin();
  while (!(*load)->over() && clock.now() < give_up) (*loop)->turn(clock.now() + std::chrono::milliseconds(100));
  const std::chrono::duration<double> took = clock.now() - began;
  const load::Tally& tally = (*load)->tally();
  fmt::print("{{\"done\":{},\"failed\":{},\"resumed\":{},\"group\":{},\"suite\":{},\"seconds\":{:.4f}}}\n", tally.done,
             tally.failed, tally.resumed, tally.group, tally.suite, took.count());
  std::fflush(stdout);
  while (settings.purpose == load::Purpose::kHold && std::getchar() != EOF) {
  }
  return tally.done == settings.count_max ? 0 : 1;
}

std::optional<load::HandshakeSettings> parse(const std::vector<std::string_view>& words) {
  if (words.size() < 4) return std::nullopt;
  load::HandshakeSettings settings;
  if (words[0] == "idle") settings.purpose = load::Purpose::kHold;
  const auto server = base::Endpoint::parse(words[1]);
  const auto count = base::parse_number<std::size_t>(words[3]);
  if (!server || !count) return std::nullopt;
  settings.server = *server;
  settings.name = words[2];
  settings.count_max = *count;
  settings.concurrency = words.size() > 4 ? base::parse_number<std::size_t>(words[4]).value_or(1) : 64;
  for (std::size_t i = 5; i < words.size(); ++i) {
    if (words[i] == "resume") {
      settings.resume = true;
    } else {
      settings.groups = {base::parse_number<std::uint16_t>(words[i]).value_or(29)};
    }
  }
  return settings;
}

std::optional<bench::RateLoad> parse_rate(const std::vector<std::string_view>& words) {
  if (words.size() != 7 || words[0] != "rate") return std::nullopt;
  const auto server = base::Endpoint::parse(words[1]);
  const auto rate = base::parse_number<std::size_t>(words[4]);
  const auto seconds = base::parse_number<std::size_t>(words[5]);
  const auto connections = base::parse_number<std::size_t>(words[6]);
  if (!server || !rate || !seconds || !connections) return std::nullopt;
  return bench::RateLoad{.server = *server,
                         .name = std::string(words[2]),
                         .path = std::string(words[3]),
                         .requests_per_second = *rate,
                         .seconds = *seconds,
                         .connections = *connections};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (const auto rate = parse_rate(words)) return gate::bench::drive_rate(*rate);
  const auto settings = !words.empty() && words[0] != "rate" ? parse(words) : std::nullopt;
  if (!settings) {
    fmt::print(stderr,
               "usage: gateload handshake|idle ADDRESS:PORT NAME COUNT [CONCURRENCY] [resume] [GROUP]\n"
               "       gateload rate ADDRESS:PORT NAME PATH PER-SECOND SECONDS CONNECTIONS\n");
    return 2;
  }
  static_cast<void>(gate::os::raise_descriptor_limit(1'000'000));
  return drive(*settings);
}
