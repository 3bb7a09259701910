// What a browser's request head costs: parsing alone, and with the copy, the judgement and the look-ups.

#include <benchmark/benchmark.h>

#include <string_view>

#include "base/arena.h"
#include "http/h1/parser.h"
#include "http/h1/request_head.h"
#include "http/limits.h"

namespace {

using namespace gate;

constexpr std::string_view kBrowserRequest =
    "GET /assets/application-4f1d2c.css HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/css,*/*;q=0.1\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: no-cors\r\n"
    "Sec-Fetch-Dest: style\r\n"
    "Referer: https://www.example.com/\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=d41d8cd98f00b204e9800998ecf8427e; theme=darkxxx\r\n"
    "\r\n";
static_assert(kBrowserRequest.size() == 518);

void parse(benchmark::State& state) {
  base::BlockPool blocks;
  base::Arena arena(blocks);
  const http::Limits limits;
  for (auto _ : state) {
    http::h1::HeadParser parser(arena, limits);
    benchmark::DoNotOptimize(parser.parse(kBrowserRequest));
    benchmark::DoNotOptimize(parser.size());
    arena.clear();
  }
}
BENCHMARK(parse);

void parse_copy_and_judge(benchmark::State& state) {
  base::BlockPool blocks;
  base::Arena arena(blocks);
  const http::Limits limits;
  for (auto _ : state) {
    http::h1::HeadParser parser(arena, limits);
    benchmark::DoNotOptimize(parser.parse(kBrowserRequest));
    http::Request request(arena);
    parser.fill(kBrowserRequest, request);
    benchmark::DoNotOptimize(http::h1::judge_head(request, arena, limits.body_bytes_max));
    arena.clear();
  }
}
BENCHMARK(parse_copy_and_judge);

}  // namespace

BENCHMARK_MAIN();
