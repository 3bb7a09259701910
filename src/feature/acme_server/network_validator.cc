#include "feature/acme_server/network_validator.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace gate::acme_server {
namespace {

// RFC 1122, 3927, 5771; RFC 4291: this machine, its links, nobody in particular. What an ordinary client of the network
// has no business with, and where the metadata of cloud machines is.
constexpr std::array<std::string_view, 8> kNeverUnlessTold{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
                                                           "::/128",    "::1/128",     "fe80::/10",      "ff00::/8"};

bool is_permitted(const AcmeServerSettings& settings, const base::IpAddress& address) {
  if (!settings.validate.empty()) {
    return std::ranges::any_of(settings.validate, [&](const base::Cidr& block) { return block.contains(address); });
  }
  return std::ranges::none_of(kNeverUnlessTold, [&](std::string_view text) {
    const auto block = base::Cidr::parse(text);
    return block && block->contains(address);
  });
}

}  // namespace

NetworkValidator::NetworkValidator(client::Context& context) : context_(context) {}
NetworkValidator::~NetworkValidator() = default;

void NetworkValidator::validate(Proof proof, Done done) {
  if (looking_.size() >= kAtOnceMax) {
    outcomes_.push_back(
        {std::move(done), Problem{ProblemType::kRateLimited, "too many names are being proved; try later"}});
    context_.loop().schedule(*this);
    return;
  }
  auto job = job_for(std::move(proof));
  Job& started = *job;
  looking_.emplace(&started, Looking{std::move(job), std::move(done)});
  started.start();
}

std::unique_ptr<NetworkValidator::Job> NetworkValidator::job_for(Proof proof) {
  switch (proof.type) {
    case ChallengeType::kTlsAlpn01: return make_tls_job(*this, std::move(proof));
    case ChallengeType::kDns01: return make_dns_job(*this, std::move(proof));
    case ChallengeType::kHttp01: break;
  }
  return make_http_job(*this, std::move(proof));
}

void NetworkValidator::finish(const Job& job, std::optional<Problem> problem) {
  const auto found = looking_.find(&job);
  if (found == looking_.end()) return;  // it has finished already
  outcomes_.push_back({std::move(found->second.done), std::move(problem)});
  finished_.push_back(std::move(found->second.job));
  looking_.erase(found);
  context_.loop().schedule(*this);
}

void NetworkValidator::on_turn_end() {
  finished_.clear();
  for (auto& outcome : std::exchange(outcomes_, {})) outcome.done(std::move(outcome.problem));
}

std::vector<base::Endpoint> permitted(const AcmeServerSettings& settings, std::vector<base::Endpoint> endpoints) {
  std::erase_if(endpoints, [&](const base::Endpoint& each) { return !is_permitted(settings, each.address); });
  return endpoints;
}

}  // namespace gate::acme_server
