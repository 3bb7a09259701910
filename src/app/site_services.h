#pragma once

#include <vector>

#include "app/read_settings.h"
#include "app/settings.h"
#include "conf/reader.h"
#include "conf/table.h"
#include "feature/error_page/error_page_config.h"
#include "feature/http3/http3.h"
#include "feature/https_redirect/https_redirect.h"
#include "feature/security/security.h"
#include "http/config/statement.h"

namespace gate::app {

// The statements of a site that features bring: the one place that names every feature.
class SiteServices {
 public:
  SiteServices();

  // Makes the features' words known where a site is read. This object outlives the scope.
  void add_to(conf::Scope& scope);

  // Puts what was read into the site, and reports what is missing.
  void finish(SiteSettings& site, const conf::Statement& statement, conf::Reader& reader) &&;

  static std::vector<StatementHelp> help();

 private:
  http::config::ChainDraft chain_;
  security::SecurityPolicy security_;
  error_page::ErrorPageDraft error_pages_;
  http3::SitePolicy http3_;
  https_redirect::ClearHttp clear_http_ = https_redirect::ClearHttp::kRedirect;
};

}  // namespace gate::app
