#include "app/build_plan.h"

#include <fmt/format.h>

#include <utility>

#include "feature/http3/http3.h"
#include "feature/https_redirect/https_redirect.h"
#include "feature/security/security.h"
#include "http/chain.h"
#include "http/error_pages.h"

namespace gate::app {
namespace {

std::vector<std::string> hosts_of(const SiteSettings& site) {
  std::vector<std::string> hosts;
  for (const auto& name : site.names) hosts.push_back(name.name);
  return hosts;
}

std::string fingerprint_of(const SiteSettings& site, const observe::LogTarget& target, std::uint16_t http3_port) {
  return fmt::format("{}\n{} {} {}", site.text, target.sink, static_cast<int>(target.format), http3_port);
}

// A certificate must be had for sites that redirect and for those that do not.
void add_challenges(http::ChainPlan& chain, const PlanInputs& inputs) {
  chain.add(
      {.matcher = {}, .plan = std::make_unique<https_redirect::ChallengePlan>(inputs.challenges), .rule = "challenge"});
}

// What every site has stands before its own statements.
std::shared_ptr<const http::ServicePlan> service_of(SiteSettings& site, const PlanInputs& inputs,
                                                    base::WallTime hsts_began) {
  auto chain = std::make_shared<http::ChainPlan>();
  if (site.clear_allowed) add_challenges(*chain, inputs);
  const security::SiteFacts facts{.certificate_is_local = site.local_certificate, .hsts_began = hsts_began};
  chain->add(
      {.matcher = {}, .plan = std::make_unique<security::SecurityPlan>(site.security, facts), .rule = "security"});
  if (site.http3 && inputs.http3_port != 0) {
    chain->add({.matcher = {}, .plan = std::make_unique<http3::AlternativePlan>(inputs.http3_port), .rule = "http3"});
  }
  chain->add({.matcher = {}, .plan = std::move(site.service), .rule = {}});
  return chain;
}

std::uint16_t tls_version_min(const SiteSettings& site) {
  return site.tls_version_min != 0 ? site.tls_version_min : tls::Policy{}.version_min;
}

std::shared_ptr<const server::SitePlan> site_plan(SiteSettings& site, const PlanInputs& inputs, std::size_t index,
                                                  SiteNumbers& numbers) {
  auto plan = std::make_shared<server::SitePlan>();
  plan->name = site.name();
  plan->hosts = hosts_of(site);
  plan->is_default = site.is_default;
  plan->clear_allowed = site.clear_allowed;
  plan->metrics_number = numbers.of(plan->name);
  plan->access_log = inputs.site_logs[index];
  plan->log_fields = site.log_fields;
  plan->service = service_of(site, inputs, inputs.hsts_began[index]);
  plan->error_pages = site.error_pages;
  plan->http3 = site.http3;
  plan->early_data = site.early_data;
  plan->fingerprint = fingerprint_of(site, plan->access_log, inputs.http3_port);
  plan->tls_scope = fmt::format("min {:#x}", tls_version_min(site));
  return plan;
}

// What clear connections get, whatever the host.
std::shared_ptr<const server::SitePlan> clear_text_plan(const PlanInputs& inputs) {
  auto chain = std::make_shared<http::ChainPlan>();
  add_challenges(*chain, inputs);
  chain->add({.matcher = {},
              .plan = std::make_unique<https_redirect::HttpsRedirectPlan>(inputs.https_port),
              .rule = "redirect to https"});
  auto plan = std::make_shared<server::SitePlan>();
  plan->name = "-";
  plan->access_log = inputs.access_log;
  plan->service = std::move(chain);
  plan->fingerprint =
      fmt::format("{} {} {}", plan->access_log.sink, static_cast<int>(plan->access_log.format), inputs.https_port);
  return plan;
}

// HTTP's bounds as QUIC's.
quic::ConnectionSettings quic_settings(const Settings& settings) {
  const http::Limits& limits = settings.limits;
  return {.congestion = settings.congestion,
          .handshake_timeout = limits.handshake_timeout,
          .idle_timeout = limits.idle_timeout,
          .streams_max = limits.streams_max,
          .qlog = !settings.qlog_folder.empty()};
}

}  // namespace

std::uint32_t SiteNumbers::of(const std::string& name) {
  const auto [entry, added] = numbers_.emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (added) names_.push_back(name);
  return entry->second;
}

std::shared_ptr<const server::Plan> build_plan(Settings& settings, const PlanInputs& inputs, SiteNumbers& numbers) {
  auto plan = std::make_shared<server::Plan>();
  plan->generation = inputs.generation;
  plan->limits = std::make_shared<const http::Limits>(settings.limits);
  plan->error_pages = std::make_shared<const http::DefaultErrorPages>();
  plan->clear_text = clear_text_plan(inputs);
  plan->quic = quic_settings(settings);
  plan->qlog_folder = settings.qlog_folder;
  plan->proxy_protocol = inputs.proxy_protocol;
  std::vector<std::shared_ptr<const server::PassPlan>> passes;
  for (const auto& pass : settings.passes) passes.push_back(pass.plan);
  plan->passes = server::PassTable(std::move(passes));
  plan->trusted_proxies = settings.trusted_proxies;
  plan->server_limits.connections_max = (inputs.connections_max + inputs.workers - 1) / inputs.workers;
  plan->server_limits.connections_per_address_max = settings.connections_per_address_max;
  for (std::size_t i = 0; i < settings.sites.size(); ++i) {
    plan->sites.push_back(site_plan(settings.sites[i], inputs, i, numbers));
  }
  return plan;
}

tls::ServerSettings tls_settings(const Settings& settings, const std::vector<SiteCredentials>& credentials,
                                 const tls::TicketKeys& ticket_keys, tls::KeyLog key_log) {
  tls::ServerSettings result{.sites = {}, .ticket_keys = ticket_keys, .key_log = std::move(key_log)};
  for (std::size_t i = 0; i < settings.sites.size(); ++i) {
    const auto& site = settings.sites[i];
    tls::SiteIdentity identity;
    identity.names = hosts_of(site);
    identity.is_default = site.is_default;
    identity.on_demand = site.acme && site.acme->on_demand;
    identity.policy.http2 = site.http2;
    identity.policy.http3 = site.http3;
    identity.policy.early_data = site.early_data;
    identity.policy.version_min = tls_version_min(site);
    if (credentials[i].clients) identity.clients = &*credentials[i].clients;
    for (const auto& credential : credentials[i].credentials) identity.credentials.push_back(&credential);
    result.sites.push_back(std::move(identity));
  }
  return result;
}

}  // namespace gate::app
