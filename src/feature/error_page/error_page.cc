#include "feature/error_page/error_page.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "http/arena_text.h"

namespace gate::error_page {
namespace {

class SetErrorPages final : public http::Service {
 public:
  explicit SetErrorPages(const http::ErrorPages& pages) : pages_(pages) {}

  http::Flow handle(http::Exchange& exchange) override {
    exchange.error_pages = &pages_;
    return http::Flow::kNext;
  }

 private:
  const http::ErrorPages& pages_;
};

}  // namespace

Page::Page(std::string_view content, std::string type)
    : type_(std::move(type)), hash_(std::hash<std::string_view>{}(content)) {
  constexpr std::array kInserts{
      std::pair<std::string_view, Insert>{"{status}", Insert::kStatus},
      std::pair<std::string_view, Insert>{"{title}", Insert::kTitle},
      std::pair<std::string_view, Insert>{"{request_id}", Insert::kRequestId},
  };
  std::string literal;
  while (!content.empty()) {
    const auto starts_here = [content](const auto& insert) { return content.starts_with(insert.first); };
    const auto* insert = std::ranges::find_if(kInserts, starts_here);
    if (insert == kInserts.end()) {
      const auto brace = std::min(content.find('{', 1), content.size());
      literal += content.substr(0, brace);
      content.remove_prefix(brace);
    } else {
      pieces_.push_back({std::exchange(literal, {}), insert->second});
      content.remove_prefix(insert->first.size());
    }
  }
  pieces_.push_back({std::move(literal)});
}

std::string_view Page::content(http::Exchange& exchange) const {
  if (pieces_.size() == 1) return pieces_[0].literal;
  const auto texts = exchange.arena().make_array<std::string_view>(2 * pieces_.size());
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    texts[2 * i] = pieces_[i].literal;
    texts[2 * i + 1] = inserted(pieces_[i].behind, exchange);
  }
  return http::join(exchange.arena(), texts);
}

std::string_view Page::inserted(Insert insert, http::Exchange& exchange) {
  switch (insert) {
    case Insert::kNothing: return {};
    case Insert::kStatus: return http::status_text(exchange.arena(), exchange.response.status);
    case Insert::kTitle: return http::error_title(exchange.response.status);
    case Insert::kRequestId: return http::request_id_text(exchange.arena(), exchange.id);
  }
  return {};
}

ErrorPagePlan::ErrorPagePlan(std::vector<Page> pages, std::vector<PageRule> rules)
    : pages_(std::move(pages)), rules_(std::move(rules)) {}

std::size_t ErrorPagePlan::content_hash() const {
  constexpr std::size_t kFactor = 31;
  std::size_t hash = 0;
  for (const Page& page : pages_) hash = hash * kFactor + page.hash();
  return hash;
}

std::unique_ptr<http::Service> ErrorPagePlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<SetErrorPages>(*this);
}

void ErrorPagePlan::render(http::Exchange& exchange) const {
  const Page* page = page_for(exchange);
  if (!page) {
    default_.render(exchange);
    return;
  }
  http::drop_content_fields(exchange);
  exchange.response.fields.set(http::FieldId::kContentType, page->type());
  exchange.response.body = exchange.make_text_body(page->content(exchange));
}

const Page* ErrorPagePlan::page_for(const http::Exchange& exchange) const {
  const auto status = exchange.response.status;
  const auto rule = std::ranges::find_if(
      rules_, [status](const PageRule& each) { return each.first <= status && status <= each.last; });
  if (rule == rules_.end()) return nullptr;
  const Page& page = pages_[rule->page];
  return http::prefers_json(exchange) && !page.type().contains("json") ? nullptr : &page;
}

}  // namespace gate::error_page
