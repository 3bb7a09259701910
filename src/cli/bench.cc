#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "app/bench/advice.h"
#include "app/bench/self_bench.h"
#include "app/codes.h"
#include "cli/bench_table.h"
#include "cli/codes.h"
#include "cli/commands.h"
#include "conf/environment.h"

namespace gate::cli {
namespace {

using nlohmann::json;

struct Options : CommonOptions {
  bool self = false;
  std::string configuration;
  std::string site;
  std::string path = "/";
  std::uint32_t seconds = 12;
};

constexpr std::uint32_t kSecondsMin = 2;
constexpr std::uint32_t kSecondsMax = 600;

int show_configuration(const app::LoadedConfiguration& loaded, const Options& options) {
  fmt::print(options.json ? stdout : stderr, "{}",
             options.json ? conf::render_json(loaded.diagnostics, loaded.sources) + "\n" : loaded.report());
  return to_int(Exit::kConfiguration);
}

base::Error nothing_to_measure() {
  return {.code = kNothingToMeasure,
          .side = base::Side::kConfiguration,
          .what = "bench measures this program on this machine, and wants to be told so",
          .why = "it keeps a processor busy for a while",
          .fix = "gate443 bench --self"};
}

base::Error bad_path(const std::string& path) {
  return {.code = kNotAPath,
          .side = base::Side::kConfiguration,
          .what = fmt::format("\"{}\" is no path to ask for", path),
          .why = "a path begins with /",
          .fix = "gate443 bench --self FILE --path /index.html"};
}

// A line that is written over, for whoever looks on.
void show_progress(std::string_view what, std::size_t done, std::size_t of) {
  fmt::print(stderr, "\r\x1b[K{:3} %  {}", 100 * done / of, what);
  std::fflush(stderr);
}

void show_nothing(std::string_view, std::size_t, std::size_t) {}

json to_json(const app::BenchReport& report) {
  json cases = json::object();
  for (const auto& each : report.measurements) {
    json& told = cases[std::string(app::to_string(each.which))];
    if (each.operations == 0) {
      told["problem"] = each.problem;
      continue;
    }
    told = {{"microseconds", each.microseconds}, {"per_second_per_core", 1e6 / each.microseconds}};
    told["operations"] = each.operations;
    told["failed"] = each.failed;
    if (each.body_bytes > 0) told["body_bytes"] = each.body_bytes;
    if (each.status != 0) told["status"] = each.status;
  }
  json result{{"processors", report.processors},
              {"complete", report.complete},
              {"others_share", report.others_share},
              {"cases", std::move(cases)},
              {"advice", app::advice(report)}};
  if (report.own) {
    result["site"] = {{"name", report.own->name}, {"answers", report.own->answers}, {"key", report.own->key}};
  }
  return result;
}

int bench(const Options& options) {
  if (!options.self) return fail(nothing_to_measure(), options);
  if (!options.path.starts_with('/')) return fail(bad_path(options.path), options);
  const conf::SystemEnvironment environment;
  std::optional<app::LoadedConfiguration> loaded;
  if (!options.configuration.empty()) {
    loaded = app::load_configuration({.path = options.configuration, .text = {}}, environment);
    if (!loaded->good()) return show_configuration(*loaded, options);
  }
  const bool watched = !options.json && !options.quiet && isatty(STDERR_FILENO) == 1;
  app::BenchOptions wanted;
  wanted.own = {.source = {.path = options.configuration, .text = {}}, .site = options.site, .path = options.path};
  wanted.time = std::chrono::seconds(options.seconds);
  const auto report = app::self_bench(wanted, loaded ? &*loaded : nullptr,
                                      watched ? app::BenchProgress(show_progress) : app::BenchProgress(show_nothing));
  if (watched) fmt::print(stderr, "\r\x1b[K");
  if (!report && report.error().code == app::kConfigurationRejected) return show_configuration(*loaded, options);
  if (!report) return fail(report.error(), options);
  if (options.json) {
    fmt::print("{}\n", to_json(*report).dump());
  } else if (!options.quiet) {
    fmt::print("{}", bench_table(*report));
  }
  return to_int(report->complete ? Exit::kFine : Exit::kFindings);
}

}  // namespace

Command add_bench(Parser program) {
  const Parser parser = program.add_subcommand("bench", "Measure what this machine can do, and what each thing costs");
  auto options = std::make_shared<Options>();
  parser.add_flag("--self", options->self, "Measure this program, here and now");
  parser.add_option("FILE", options->configuration, "A configuration, of which limits and one site are taken");
  parser.add_option("--site", options->site, "Which of its sites; the first unless told").type_name("NAME");
  parser.add_option("--path", options->path, "What to ask for there").type_name("PATH").show_default();
  parser.add_option("--seconds", options->seconds, "How long to measure")
      .type_name("N")
      .show_default()
      .within(kSecondsMin, kSecondsMax);
  add_common_options(parser, *options,
                     "  gate443 bench --self\n"
                     "  gate443 bench --self /etc/gate443/gate443.conf --site example.com --path /logo.svg");
  return {parser, [options] { return bench(*options); }};
}

}  // namespace gate::cli
