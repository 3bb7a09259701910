#include "feature/error_page/error_page_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "http/media_type.h"

namespace gate::error_page {
namespace {

// A page is held in memory and sent whole.
constexpr std::size_t kPageBytesMax = 1UL << 20;

// "404", "4xx" or "5xx".
std::optional<PageRule> read_statuses(const conf::Word& word, conf::Reader& reader) {
  if (word.text == "4xx") return PageRule{.first = 400, .last = 499};
  if (word.text == "5xx") return PageRule{.first = 500, .last = 599};
  const auto status = reader.status(word, 400);
  if (!status) return std::nullopt;
  return PageRule{.first = *status, .last = *status};
}

// A text has blanks; what has none is a file.
bool is_text(const conf::Word& word) { return word.text.contains(' '); }

std::optional<Page> read_page(const conf::Word& word, conf::Reader& reader) {
  if (is_text(word)) return Page(word.text, "text/plain; charset=utf-8");
  auto file = reader.file(word, kPageBytesMax, "a text in place of a file has at least two words");
  if (!file) return std::nullopt;
  return Page(std::move(file->content), std::string(http::MediaTypes().of(file->path)));
}

}  // namespace

void ErrorPageDraft::read(const conf::Statement& statement, conf::Reader& reader) {
  auto page = read_page(statement.args.back(), reader);
  const auto statuses = std::span(statement.args).first(statement.args.size() - 1);
  for (const conf::Word& word : statuses) {
    if (const auto rule = read_statuses(word, reader)) add_rule(word, *rule, reader);
  }
  if (page) pages_.push_back(*std::move(page));
}

void ErrorPageDraft::add_rule(const conf::Word& word, PageRule rule, conf::Reader& reader) {
  const auto covers = [rule](const PageRule& earlier) {
    return earlier.first <= rule.first && rule.last <= earlier.last;
  };
  if (std::ranges::any_of(rules_, covers)) {
    reader.error(conf::kContradiction, word, fmt::format("{} has an error page already", conf::shown(word.text)),
                 "the first one wins; remove one of them");
    return;
  }
  rule.page = pages_.size();
  rules_.push_back(rule);
}

std::unique_ptr<const ErrorPagePlan> ErrorPageDraft::finish() && {
  if (rules_.empty()) return nullptr;
  return std::make_unique<ErrorPagePlan>(std::move(pages_), std::move(rules_));
}

void read_error(conf::Context<ErrorPageDraft>& context, const conf::Statement& statement) {
  context.plan.read(statement, context.reader);
}

}  // namespace gate::error_page
