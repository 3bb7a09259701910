#pragma once

#include <memory>
#include <vector>

#include "conf/table.h"
#include "feature/error_page/error_page.h"

namespace gate::error_page {

// The `error` statements of one site while they are read.
class ErrorPageDraft {
 public:
  void read(const conf::Statement& statement, conf::Reader& reader);

  // Null when there are none.
  std::unique_ptr<const ErrorPagePlan> finish() &&;

 private:
  void add_rule(const conf::Word& word, PageRule rule, conf::Reader& reader);

  std::vector<Page> pages_;
  std::vector<PageRule> rules_;
};

void read_error(conf::Context<ErrorPageDraft>& context, const conf::Statement& statement);

inline constexpr conf::Directive<ErrorPageDraft> kDirectives[] = {
    {.name = "error",
     .synopsis = "error STATUS… FILE|TEXT",
     .summary = "The page shown for these statuses, such as 404 or 5xx, in place of the server's own.",
     .args = {2, conf::kAnyNumber},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_error},
};

}  // namespace gate::error_page
