#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "conf/diagnostics.h"
#include "conf/fake_environment_for_test.h"
#include "conf/parse.h"
#include "conf/reader.h"
#include "conf/table.h"
#include "http/config/statement.h"
#include "http/testing/fake_exchange.h"

namespace gate::http::config {

// A text that is read as the block of a site named "test.conf".
class ConfText {
 public:
  explicit ConfText(std::string text, std::map<std::string, std::string> files = {}) {
    environment_.files = std::move(files);
    root_ = conf::parse(sources_.add("test.conf", "", std::move(text)), diagnostics_);
  }

  template <class Plan>
  void read(std::span<const conf::Directive<Plan>> table, Plan& plan) {
    conf::Scope scope;
    scope.add(table, plan);
    scope.read(root_, reader_);
  }

  // What is wrong with it, as an operator would see it; empty when nothing is.
  std::string report() const { return conf::render(diagnostics_, sources_); }

 private:
  conf::FakeEnvironment environment_;
  conf::SourceSet sources_;
  conf::Diagnostics diagnostics_;
  conf::Reader reader_{diagnostics_, sources_, environment_};
  conf::Block root_;
};

// The statements of a site, built into a service when they are first run.
//
//   SiteText site("redirect /old /new", kTable);
//   ASSERT_EQ(site.report(), "");
//   EXPECT_EQ(site.run(fake), Flow::kTaken);
class SiteText {
 public:
  SiteText(std::string text, std::span<const conf::Directive<ChainDraft>> table,
           std::map<std::string, std::string> files = {})
      : text_(std::move(text), std::move(files)) {
    ChainDraft draft(table);
    text_.read(table, draft);
    plan_ = std::move(draft).finish();
  }

  std::string report() const { return text_.report(); }
  Flow run(testing::FakeExchange& fake) {
    if (!service_) service_ = plan_.build({.clock = clock_});
    return service_->handle(fake.exchange());
  }
  bool takes_all() const { return plan_.takes_all(); }

 private:
  ConfText text_;
  testing::FakeClock clock_;
  ChainPlan plan_;
  std::unique_ptr<Service> service_;
};

}  // namespace gate::http::config
