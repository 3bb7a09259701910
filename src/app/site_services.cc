#include "app/site_services.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "app/codes.h"
#include "feature/acme_server/acme_server_config.h"
#include "feature/cache/cache_config.h"
#include "feature/compress/compress_config.h"
#include "feature/files/files_config.h"
#include "feature/header/header_config.h"
#include "feature/http3/http3_config.h"
#include "feature/https_redirect/https_redirect_config.h"
#include "feature/php/php_config.h"
#include "feature/proxy/proxy_config.h"
#include "feature/redirect/redirect_config.h"
#include "feature/respond/respond_config.h"
#include "feature/rewrite/rewrite_config.h"
#include "feature/security/security_config.h"
#include "http/config/route.h"

namespace gate::app {
namespace {

using http::config::directive;

// What handles requests, in the order of the manual. Routes are read with the same table.
constexpr conf::Directive<http::config::ChainDraft> kServices[] = {
    directive<files::kFiles>(),     directive<php::kPhp>(),
    directive<proxy::kProxy>(),     directive<redirect::kRedirect>(),
    directive<rewrite::kRewrite>(), directive<respond::kRespond>(),
    directive<header::kHeader>(),   directive<compress::kCompress>(),
    directive<cache::kCache>(),     directive<acme_server::kAcmeServer>(),
    http::config::kRoute,
};

template <class Plan>
void append(std::vector<StatementHelp>& help, std::span<const conf::Directive<Plan>> table) {
  for (const auto& row : table) help.push_back({row.name, row.synopsis, row.summary, "site"});
}

bool names_acme_server(const conf::Block& block) {
  return std::ranges::any_of(block.statements, [](const conf::Statement& statement) {
    return statement.name.text == acme_server::kAcmeServer.name ||
           (statement.block && names_acme_server(*statement.block));
  });
}

// The first statement that answers requests, for the first screen.
std::string first_rule(const conf::Statement& site) {
  for (const auto& statement : site.block->statements) {
    for (const auto& row : kServices) {
      const bool answers =
          row.name != "header" && row.name != "rewrite" && row.name != "compress" && row.name != "cache";
      if (answers && statement.name.text == row.name) return http::config::rule_text(statement);
    }
  }
  return "";
}

}  // namespace

SiteServices::SiteServices() : chain_(kServices) {}

void SiteServices::add_to(conf::Scope& scope) {
  scope.add(std::span<const conf::Directive<http::config::ChainDraft>>(kServices), chain_);
  scope.add(std::span<const conf::Directive<security::SecurityPolicy>>(security::kDirectives), security_);
  scope.add(std::span<const conf::Directive<error_page::ErrorPageDraft>>(error_page::kDirectives), error_pages_);
  scope.add(std::span<const conf::Directive<http3::SitePolicy>>(http3::kDirectives), http3_);
  scope.add(std::span<const conf::Directive<https_redirect::ClearHttp>>(https_redirect::kDirectives), clear_http_);
}

void SiteServices::finish(SiteSettings& site, const conf::Statement& statement, conf::Reader& reader) && {
  auto chain = std::make_unique<http::ChainPlan>(std::move(chain_).finish());
  if (chain->empty() && !reader.diagnostics().has_errors()) {
    reader.error(kEmptySite, statement.name, fmt::format("{} answers nothing", conf::title(statement)),
                 "add a statement that does, such as: files /srv/www");
  }
  site.service = std::move(chain);
  site.security = std::move(security_);
  auto pages = std::move(error_pages_).finish();
  if (pages) site.text += fmt::format("# pages {:x}\n", pages->content_hash());
  site.error_pages = std::move(pages);
  site.http3 = http3_.on;
  site.early_data = http3_.early_data;
  site.clear_allowed = clear_http_ == https_redirect::ClearHttp::kAllow;
  site.rule = first_rule(statement);
  site.needs_internal_ca = names_acme_server(*statement.block);
}

std::vector<StatementHelp> SiteServices::help() {
  std::vector<StatementHelp> help;
  append<http::config::ChainDraft>(help, kServices);
  append<security::SecurityPolicy>(help, security::kDirectives);
  append<error_page::ErrorPageDraft>(help, error_page::kDirectives);
  append<http3::SitePolicy>(help, http3::kDirectives);
  append<https_redirect::ClearHttp>(help, https_redirect::kDirectives);
  return help;
}

}  // namespace gate::app
