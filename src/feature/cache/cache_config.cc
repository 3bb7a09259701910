#include "feature/cache/cache_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "conf/codes.h"
#include "conf/table.h"
#include "feature/cache/cache.h"
#include "feature/cache/rules.h"

namespace gate::cache {
namespace {

using Context = conf::Context<CacheSettings>;

std::optional<Seconds> read_seconds(const conf::Word& word, conf::Reader& reader) {
  const auto duration = reader.duration(word);
  return duration ? std::optional(std::chrono::floor<Seconds>(*duration)) : std::nullopt;
}

template <Seconds CacheSettings::* kMember>
void read_time(Context& context, const conf::Statement& statement) {
  if (const auto time = read_seconds(statement.args[0], context.reader)) context.plan.*kMember = *time;
}

template <std::uint64_t CacheSettings::* kMember>
void read_size(Context& context, const conf::Statement& statement) {
  if (const auto size = context.reader.size(statement.args[0], {.min = 1})) context.plan.*kMember = *size;
}

void read_disk(Context& context, const conf::Statement& statement) {
  const auto folder = context.reader.path(statement.args[0]);
  const auto size = context.reader.size(statement.args[1], {.min = 1});
  if (folder) context.plan.disk_folder = *folder;
  if (size) context.plan.disk_bytes_max = *size;
}

void read_lifetime(Context& context, const conf::Statement& statement) {
  const auto lifetime = read_seconds(statement.args[0], context.reader);
  if (!lifetime) return;
  for (const auto& word : std::span(statement.args).subspan(1)) {
    const auto status = context.reader.status(word);
    if (!status) continue;
    if (!is_keepable(*status)) {
      context.reader.error(conf::kBadChoice, word, fmt::format("responses with status {} are never kept", *status));
    } else if (std::ranges::find(context.plan.lifetimes, *status, &CacheSettings::Lifetime::status) !=
               context.plan.lifetimes.end()) {
      context.reader.error(conf::kContradiction, word, fmt::format("status {} has a lifetime already", *status));
    } else {
      context.plan.lifetimes.push_back({*status, *lifetime});
    }
  }
}

void read_wait(Context& context, const conf::Statement& statement) {
  const auto wait = context.reader.duration(statement.args[0], {.max = std::chrono::minutes(10)});
  if (wait) context.plan.wait_max = *wait;
}

void read_waiting(Context& context, const conf::Statement& statement) {
  const auto count = context.reader.integer<std::size_t>(statement.args[0], 0, 1'000'000);
  if (count) context.plan.waiting_max = *count;
}

void read_cookies(Context& context, const conf::Statement& statement) {
  constexpr conf::Choice<bool> kChoices[] = {{"careful", false}, {"ignore", true}};
  if (const auto ignores = context.reader.choice(statement.args[0], kChoices)) context.plan.ignores_cookies = *ignores;
}

constexpr conf::Directive<CacheSettings> kDirectives[] = {
    {.name = "memory",
     .synopsis = "memory SIZE",
     .summary = "What is kept in memory at most. 64MiB unless said otherwise.",
     .args = {1, 1},
     .handle = read_size<&CacheSettings::memory_bytes_max>},
    {.name = "disk",
     .synopsis = "disk FOLDER SIZE",
     .summary = "A folder of its own where responses are kept beyond memory and restarts, and how much of them.",
     .args = {2, 2},
     .handle = read_disk},
    {.name = "largest",
     .synopsis = "largest SIZE",
     .summary = "The largest response that is kept. 8MiB unless said otherwise.",
     .args = {1, 1},
     .handle = read_size<&CacheSettings::response_bytes_max>},
    {.name = "lifetime",
     .synopsis = "lifetime DURATION STATUS…",
     .summary = "How long responses of these statuses are good that do not say it themselves.",
     .args = {2, 16},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_lifetime},
    {.name = "error-lifetime",
     .synopsis = "error-lifetime DURATION",
     .summary = "How long an error is good at most, whatever it says. 10s unless said otherwise.",
     .args = {1, 1},
     .handle = read_time<&CacheSettings::error_lifetime_max>},
    {.name = "stale-while-revalidate",
     .synopsis = "stale-while-revalidate DURATION",
     .summary = "For how long a stale response is still given out while it is fetched anew.",
     .args = {1, 1},
     .handle = read_time<&CacheSettings::stale_while_revalidate>},
    {.name = "stale-if-error",
     .synopsis = "stale-if-error DURATION",
     .summary = "For how long a stale response is given out in place of an error.",
     .args = {1, 1},
     .handle = read_time<&CacheSettings::stale_if_error>},
    {.name = "wait",
     .synopsis = "wait DURATION",
     .summary = "How long a request waits for one that fetches the same. 5s unless said otherwise.",
     .args = {1, 1},
     .handle = read_wait},
    {.name = "waiting",
     .synopsis = "waiting NUMBER",
     .summary = "How many requests wait for the same one at most. 1000 unless said otherwise.",
     .args = {1, 1},
     .handle = read_waiting},
    {.name = "cookies",
     .synopsis = "cookies careful|ignore",
     .summary = "Whether requests with cookies get and leave only what is said to be for everyone.",
     .args = {1, 1},
     .handle = read_cookies},
};

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_cache(const conf::Statement& statement, conf::Reader& reader) {
  const auto errors_before = reader.diagnostics().error_count();
  CacheSettings settings;
  conf::read_block<CacheSettings>(statement, kDirectives, settings, reader);
  if (settings.response_bytes_max > settings.memory_bytes_max) settings.response_bytes_max = settings.memory_bytes_max;
  if (reader.diagnostics().error_count() != errors_before) return nullptr;
  return std::make_unique<CachePlan>(std::move(settings));
}

}  // namespace gate::cache
