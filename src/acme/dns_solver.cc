#include "acme/dns_solver.h"

#include "acme/dns_codes.h"
#include "base/text.h"
#include "jose/base64url.h"
#include "jose/digest.h"

namespace gate::acme {
namespace {

constexpr std::string_view kLabel = "_acme-challenge";

base::Result<dns::Name> challenge_name(const std::string& name) {
  const bool address = base::IpAddress::parse(name).has_value();
  const auto parsed = address ? std::nullopt : dns::Name::parse(name);
  const auto below = parsed ? parsed->child(kLabel) : std::nullopt;
  if (below) return *below;
  return base::fail({.code = kNameNotInDns,
                     .side = base::Side::kConfiguration,
                     .what = name + " cannot be proven by DNS",
                     .why = "it is no name that a TXT record could stand below",
                     .fix = "use http-01 or tls-alpn-01 for it"});
}

}  // namespace

std::string dns_challenge_text(std::string_view key_authorization) {
  return jose::to_base64url(jose::sha256(base::as_bytes(key_authorization)));
}

// One record on its way: the zone is found, the record made, its servers asked until they show it.
class DnsSolver::Presentation {
 public:
  Presentation(DnsSolver& solver, Key key, Done done)
      : solver_(solver),
        key_(std::move(key)),
        done_(std::move(done)),
        search_(solver.context_, solver.settings_.resolvers),
        propagation_(solver.context_) {}

  void start(const dns::Name& name, std::list<Presentation>::iterator self) {
    self_ = self;
    search_.start(name, [this](base::Result<dns::Place> place) {
      if (!place) return finish(base::fail(std::move(place.error())));
      publish(*std::move(place));
    });
  }

 private:
  void publish(dns::Place place) {
    place_ = std::move(place);
    const DnsValue value{place_.name, place_.zone, key_.second};
    auto& published = solver_.published_[key_];
    published.value = value;
    ++published.uses;
    solver_.publisher_->publish(value, [this](base::Result<> result) {
      if (!result || !solver_.settings_.propagation) return finish(std::move(result));
      watch();
    });
  }

  void watch() {
    propagation_.start(std::move(place_), key_.second, *solver_.settings_.propagation,
                       [this](base::Result<> result) { finish(std::move(result)); });
  }

  void finish(base::Result<> result) {
    const Done done = std::move(done_);
    solver_.presentations_.erase(self_);
    done(std::move(result));
  }

  DnsSolver& solver_;
  std::list<Presentation>::iterator self_;
  Key key_;
  Done done_;
  dns::Place place_;
  dns::ZoneSearch search_;
  dns::Propagation propagation_;
};

DnsSolver::DnsSolver(const dns::Context& context, DnsSettings settings, std::unique_ptr<DnsPublisher> publisher)
    : context_(context), settings_(std::move(settings)), later_(context.loop), publisher_(std::move(publisher)) {}

DnsSolver::~DnsSolver() = default;

void DnsSolver::present(const Challenge& challenge, Done done) {
  auto name = challenge_name(challenge.name);
  if (!name) return later_.add(std::move(done), base::fail(std::move(name.error())));
  const auto self =
      presentations_.emplace(presentations_.end(), *this,
                             Key{challenge.name, dns_challenge_text(challenge.key_authorization)}, std::move(done));
  self->start(*name, self);
}

void DnsSolver::clean_up(const Challenge& challenge, Done done) {
  const auto found = published_.find({challenge.name, dns_challenge_text(challenge.key_authorization)});
  const bool last = found != published_.end() && --found->second.uses == 0;
  if (!last) return later_.add(std::move(done), {});
  const DnsValue value = std::move(found->second.value);
  published_.erase(found);
  publisher_->withdraw(value, std::move(done));
}

}  // namespace gate::acme
