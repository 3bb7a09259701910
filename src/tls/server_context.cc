#include "tls/server_context.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"
#include "cert/native.h"
#include "tls/codes.h"
#include "tls/ech_native.h"
#include "tls/server_impl.h"

namespace gate::tls {

namespace {

base::Error misconfigured(base::ErrorCode code, std::string what, std::string why, std::string fix) {
  return {.code = code,
          .side = base::Side::kConfiguration,
          .what = std::move(what),
          .why = std::move(why),
          .fix = std::move(fix)};
}

std::string label(const SiteIdentity& site) { return site.names.empty() ? "without names" : site.names.front(); }

base::Result<void> add_names(ServerContext::Impl& impl, const SiteIdentity& site, std::uint32_t number) {
  for (const std::string& name : site.names) {
    if (!impl.names.add(name, number)) {
      return base::fail(misconfigured(kDuplicateName, fmt::format("two sites are called {}", name),
                                      "a client that asks for the name could get either",
                                      "take it out of one of them"));
    }
    if (const auto address = base::IpAddress::parse(name)) impl.addresses.emplace(*address, number);
  }
  if (!site.is_default) return {};
  if (impl.default_site) {
    return base::fail(misconfigured(kDuplicateName, fmt::format("site {} is a second default site", label(site)),
                                    "only one site can answer for all other names", "let one of them be the default"));
  }
  impl.default_site = number;
  return {};
}

HeldCredential hold_for(const ServerContext::Impl& impl, const cert::Credential& credential) {
  return hold(credential, impl.certificates.get(), impl.key_log != nullptr);
}

base::Result<std::vector<ServerContext::Impl::Holder>> hold_all(const ServerContext::Impl& impl,
                                                                const SiteIdentity& site) {
  const auto refuse = [&](std::string why) {
    return base::fail(misconfigured(kNoCertificate, fmt::format("site {} cannot be served", label(site)),
                                    std::move(why), "give it one certificate, or an ECDSA and an RSA one"));
  };
  std::vector<ServerContext::Impl::Holder> holders;
  for (const cert::Credential* credential : site.credentials) {
    auto held = hold_for(impl, *credential);
    if (held.ctx == nullptr) return refuse("its key and certificate do not match: " + cert::last_library_reason());
    holders.push_back(std::move(held));
  }
  if (holders.empty() && !site.on_demand) return refuse("it has no certificate");
  const auto is_rsa = [](const auto& each) { return each.type == cert::KeyType::kRsa; };
  std::stable_partition(holders.begin(), holders.end(), std::not_fn(is_rsa));
  const auto rsa_count = std::count_if(holders.begin(), holders.end(), is_rsa);
  if (rsa_count > 1 || std::ssize(holders) - rsa_count > 1) return refuse("it has two certificates of one kind");
  return holders;
}

void use_keys(SSL_CTX* ctx, const EchKeys& keys) {
  const auto native = native_ech_keys(keys);
  GATE_CHECK(native != nullptr && SSL_CTX_set1_ech_keys(ctx, native.get()));  // they were made here, or looked at
}

// Of the site added last.
void demand(ServerContext::Impl& impl, const ClientDemand& clients) {
  auto& site = impl.sites.back();
  site.clients = std::make_unique<const ClientGate>(clients);
  for (const auto& holder : site.holders) site.clients->name_authorities(holder.ctx.get());
  site.policy.ticket_scope += fmt::format(" clients {:x}", site.clients->fingerprint());
  impl.any_demand = true;
}

}  // namespace

ServerContext::ServerContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServerContext::~ServerContext() = default;

base::Result<std::shared_ptr<ServerContext>> ServerContext::create(const ServerSettings& settings) {
  auto impl = std::make_unique<Impl>(settings.ticket_keys, std::chrono::steady_clock::now());
  impl->key_log = settings.key_log;
  impl->certificates.reset(CRYPTO_BUFFER_POOL_new());
  impl->ctx.reset(SSL_CTX_new(TLS_with_buffers_method()));
  GATE_CHECK(impl->certificates && impl->ctx);
  configure_server(impl->ctx.get(), impl->key_log != nullptr);
  if (settings.ech_keys) use_keys(impl->ctx.get(), *settings.ech_keys);
  for (const SiteIdentity& site : settings.sites) {
    GATE_TRY(add_names(*impl, site, static_cast<std::uint32_t>(impl->sites.size())));
    GATE_TRY_ASSIGN(auto holders, hold_all(*impl, site));
    impl->sites.push_back({std::move(holders), site.policy});
    impl->sites.back().on_demand = site.on_demand;
    if (site.clients != nullptr) demand(*impl, *site.clients);
  }
  return std::make_shared<ServerContext>(std::move(impl));
}

void ServerContext::use_ech_keys(const EchKeys& keys) { use_keys(impl_->ctx.get(), keys); }

void ServerContext::use_challenges(const Challenges& challenges) {
  impl_->challenges.clear();
  for (const auto& [name, credential] : challenges.open) {
    Impl::Site site{.holders = {}, .policy = {.ticket_scope = std::string(to_string(Alpn::kAcmeTls))}};
    site.holders.push_back(hold_for(*impl_, credential));
    GATE_CHECK(site.holders.front().ctx != nullptr);  // the program has made it itself
    impl_->challenges.insert_or_assign(challenge_server_name(name), std::move(site));
  }
}

void ServerContext::use_on_demand(std::shared_ptr<OnDemandTable> table) {
  impl_->on_demand = std::move(table);
  impl_->on_demand->use_key_log(impl_->key_log != nullptr);
}

void ServerContext::use_staples(const Staples& staples) {
  for (auto& site : impl_->sites) {
    for (auto& holder : site.holders) {
      const auto found = staples.responses.find(holder.certificate);
      holder.staple = found == staples.responses.end() ? std::vector<std::byte>() : found->second;
    }
  }
}

void ServerContext::use_ticket_keys(const TicketKeys& keys) { impl_->tickets = TicketSealer(keys); }

std::optional<std::uint32_t> ServerContext::site_for(std::string_view server_name,
                                                     const base::IpAddress& local_address) const {
  return impl_->find_site(server_name, local_address);
}

bool ServerContext::may_carry(const Facts& facts, std::string_view host, const base::IpAddress& local_address) const {
  if (!impl_->any_demand && facts.client_demand == 0) return true;
  const auto number = impl_->find_site(host, local_address);
  return number && impl_->sites[*number].client_demand() == facts.client_demand;
}

bssl::UniquePtr<SSL> ServerContext::Impl::make_ssl() const {
  bssl::UniquePtr<SSL> ssl(SSL_new(ctx.get()));
  GATE_CHECK(ssl != nullptr);
  SSL_set_accept_state(ssl.get());
  SSL_set_shed_handshake_config(ssl.get(), 1);
  return ssl;
}

std::optional<std::uint32_t> ServerContext::Impl::find_site(std::string_view server_name,
                                                            const base::IpAddress& local_address) const {
  if (!server_name.empty()) {
    const auto named = names.find(server_name);
    return named ? named : default_site;
  }
  // RFC 6066 3: addresses are not sent as names, so a client that was given one sends none.
  const auto addressed = addresses.find(local_address);
  return addressed == addresses.end() ? default_site : std::optional(addressed->second);
}

}  // namespace gate::tls
