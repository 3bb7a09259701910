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
  std::string url;
  std::string tag;
  bool all = false;
};

std::uint64_t number(const nlohmann::json& answer, const char* name) { return answer.value(name, std::uint64_t{0}); }

void print_status(const nlohmann::json& status) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  fmt::print("kept          {} responses, {:.1f} of {:.1f} MiB\n", number(status, "responses"),
             static_cast<double>(number(status, "bytes")) / kMebibyte,
             static_cast<double>(number(status, "bytes_max")) / kMebibyte);
  if (const auto disk = status.find("disk"); disk != status.end() && number(*disk, "files") > 0) {
    fmt::print("on disk       {} responses, {:.1f} MiB; {} damaged, {} not written\n", number(*disk, "files"),
               static_cast<double>(number(*disk, "bytes")) / kMebibyte, number(*disk, "damaged"),
               number(*disk, "not_written"));
  }
  fmt::print("answered      {} fresh, {} stale, {} validated\n", number(status, "hits"), number(status, "stale"),
             number(status, "validated"));
  fmt::print("fetched       {} misses, {} passed by\n", number(status, "misses"), number(status, "passes"));
  fmt::print("stored        {}, of which {} made room for others\n", number(status, "stored"),
             number(status, "evicted"));
}

int purge(const Options& options) {
  nlohmann::json request{{"command", "cache_purge"}};
  if (!options.url.empty()) request["url"] = options.url;
  if (!options.tag.empty()) request["tag"] = options.tag;
  return show_answer(request, options, [](const nlohmann::json& answer) {
    fmt::print("{} responses purged\n", number(answer, "purged"));
  });
}

}  // namespace

Command add_cache(Parser program) {
  const Parser parser = program.add_subcommand("cache", "Show what is kept of responses, and purge it");
  auto options = std::make_shared<Options>();
  add_admin_options(parser, *options,
                    "  gate443 cache status\n"
                    "  gate443 cache purge https://example.com/news\n"
                    "  gate443 cache purge --tag news");
  parser.require_subcommand();
  parser.take_options_anywhere();
  const Parser status = parser.add_subcommand("status", "Show how much is kept and how often it was of use");
  const Parser purging = parser.add_subcommand("purge", "Take responses out, so that they are fetched anew");
  const Parser what = purging.add_choice("what");
  what.add_option("URL", options->url, "The response of this address, in all its variants");
  what.add_option("--tag", options->tag, "All with this tag in Cache-Tag or Surrogate-Key");
  what.add_flag("--all", options->all, "Everything");
  return {parser, [options, status] {
            if (status.parsed()) return show_answer({{"command", "cache_status"}}, *options, print_status);
            return purge(*options);
          }};
}

}  // namespace gate::cli
