#include "acme/dns_persist_solver.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "acme/dns_codes.h"
#include "acme/dns_persist.h"
#include "dns/query.h"
#include "dns/rdata.h"

namespace gate::acme {
namespace {

base::Error ends_soon(const Challenge& challenge, base::WallTime until) {
  return {.code = kPersistEnds,
          .side = base::Side::kConfiguration,
          .what = fmt::format("the DNS record that proves {} ends on {:%F}", challenge.name,
                              fmt::gmtime(std::chrono::floor<std::chrono::seconds>(until))),
          .why = "its persistUntil says so",
          .fix = "publish one with a later time beside it"};
}

}  // namespace

DnsPersistSolver::DnsPersistSolver(const dns::Context& context, std::vector<base::Endpoint> resolvers, Warn warn)
    : context_(context), resolvers_(std::move(resolvers)), warn_(std::move(warn)), later_(context.loop) {}

void DnsPersistSolver::present(const Challenge& challenge, Done done) {
  const auto name = persist_name(challenge.name);
  if (!name) {
    return later_.add(std::move(done), base::fail({.code = kNameNotInDns,
                                                   .side = base::Side::kConfiguration,
                                                   .what = challenge.name + " cannot be proven by DNS",
                                                   .why = "it is no name that a TXT record could stand below",
                                                   .fix = "use http-01 or tls-alpn-01 for it"}));
  }
  const auto self = under_way_.emplace(under_way_.end(), context_);
  self->start(dns::query(*name, dns::Type::kTxt, resolvers_, dns::Asked::kResolver),
              [this, self, challenge, done = std::move(done)](const base::Result<dns::Answer>& answer) {
                auto result = judge(challenge, answer);
                const Done tell = done;  // this dies with the exchange
                under_way_.erase(self);
                tell(std::move(result));
              });
}

// The record stays.
void DnsPersistSolver::clean_up(const Challenge&, Done done) { later_.add(std::move(done), {}); }

base::Result<> DnsPersistSolver::judge(const Challenge& challenge, const base::Result<dns::Answer>& answer) const {
  if (!answer) return base::fail(answer.error());
  GATE_TRY(dns::check_answer(*answer));
  std::vector<std::string> texts;
  for (const auto& record : answer->message.answers) {
    if (auto text = dns::text_in(record)) texts.push_back(*std::move(text));
  }
  const PersistNeed need{challenge.wildcard ? "*." + challenge.name : challenge.name, challenge.issuers,
                         challenge.account};
  const auto now = context_.loop.wall();
  GATE_TRY_ASSIGN(const PersistRecord record, find_persist_record(texts, need, now));
  if (record.until && *record.until < now + kWarningTime) warn_(ends_soon(challenge, *record.until));
  return {};
}

}  // namespace gate::acme
