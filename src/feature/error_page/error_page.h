#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/error_pages.h"
#include "http/exchange.h"
#include "http/service.h"

namespace gate::error_page {

// The content of an error page, held in memory so that showing it cannot fail. {status}, {title} and {request_id} are
// filled in; all other braces are left alone, since style sheets are full of them.
class Page {
 public:
  Page(std::string_view content, std::string type);

  std::string_view type() const { return type_; }
  // Lives as long as the exchange and the page.
  std::string_view content(http::Exchange& exchange) const;
  // Equal for equal contents: a reload has to notice a changed file behind an unchanged statement.
  std::size_t hash() const { return hash_; }

 private:
  enum class Insert : std::uint8_t { kNothing, kStatus, kTitle, kRequestId };
  struct Piece {
    std::string literal;
    Insert behind = Insert::kNothing;
  };

  static std::string_view inserted(Insert insert, http::Exchange& exchange);

  std::vector<Piece> pieces_;
  std::string type_;
  std::size_t hash_;
};

// Which page belongs to which statuses.
struct PageRule {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::size_t page = 0;  // in the list of pages
};

// A site's own error pages: the first rule that covers the status, the server's page where none does. Clients that
// prefer JSON get the server's problem document unless the site's page is JSON too.
class ErrorPagePlan final : public http::ServicePlan, public http::ErrorPages {
 public:
  ErrorPagePlan(std::vector<Page> pages, std::vector<PageRule> rules);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  void render(http::Exchange& exchange) const override;
  std::size_t content_hash() const;

 private:
  const Page* page_for(const http::Exchange& exchange) const;

  std::vector<Page> pages_;
  std::vector<PageRule> rules_;
  http::DefaultErrorPages default_;
};

}  // namespace gate::error_page
