// What a request costs our own code on a warm connection, in memory: the wire, the exchange, the site's statements and
// a small file, from the request's bytes to the answer's. Without TLS, QUIC, sockets and the log.
//
//   request_cost h1|h2|h3 REQUESTS
//
// Prints a line of JSON with the allocations. For the instructions, tests/bars runs it under callgrind with two numbers
// of requests: the difference is theirs alone.

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "bench/bars/allocations.h"
#include "bench/bars/stage.h"

namespace {

using namespace gate;

// What the instructions hang on.
#ifdef NDEBUG
constexpr std::string_view kCompiler = __VERSION__;
#else
constexpr std::string_view kCompiler = __VERSION__ " without optimisation";
#endif

std::unique_ptr<bench::Client> connect(std::string_view protocol, bench::Stage& stage) {
  if (protocol == "h1") return bench::connect_h1(stage);
  if (protocol == "h2") return bench::connect_h2(stage);
  if (protocol == "h3") return bench::connect_h3(stage);
  return nullptr;
}

// In rounds of kStreams; yields how many requests that were.
std::size_t serve(bench::Client& client, std::size_t requests) {
  std::size_t made = 0;
  for (; made < requests; made += bench::Client::kStreams) client.serve();
  return made;
}

int measure(std::string_view protocol, std::size_t requests) {
  constexpr std::size_t kWarmUp = 1024;
  bench::Stage stage;
  const auto client = connect(protocol, stage);
  if (!client) return EXIT_FAILURE;
  serve(*client, kWarmUp);
  const auto answered_before = stage.answered();
  const auto allocations_before = bench::allocations();
  const auto made = serve(*client, requests);
  const auto allocations = bench::allocations() - allocations_before;
  fmt::print("{{\"requests\":{},\"allocations\":{},\"compiler\":\"{}\"}}\n", made, allocations, kCompiler);
  return stage.answered() - answered_before == made ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const auto requests = words.size() == 2 ? base::parse_number<std::size_t>(words[1]) : std::nullopt;
  if (!requests) {
    fmt::print(stderr, "usage: request_cost h1|h2|h3 REQUESTS\n");
    return 2;
  }
  return measure(words[0], *requests);
}
