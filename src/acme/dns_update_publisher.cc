#include "acme/dns_update_publisher.h"

#include <utility>

#include "dns/rdata.h"

namespace gate::acme {
namespace {

// A value is looked at once, soon after it was made.
constexpr std::uint32_t kSecondsToLive = 60;

}  // namespace

DnsUpdatePublisher::DnsUpdatePublisher(const dns::Context& context, std::vector<base::Endpoint> server,
                                       dns::TsigKey key)
    : context_(context), server_(std::move(server)), key_(std::move(key)) {}

void DnsUpdatePublisher::publish(const DnsValue& value, Done done) {
  // RFC 2136 2.5.1: added to the set, so that the values of others stay.
  update(value, dns::added(value.name, dns::Type::kTxt, kSecondsToLive, dns::text_data(value.value)), std::move(done));
}

void DnsUpdatePublisher::withdraw(const DnsValue& value, Done done) {
  // RFC 2136 2.5.4: this record alone.
  update(value, dns::removed(value.name, dns::Type::kTxt, dns::text_data(value.value)), std::move(done));
}

void DnsUpdatePublisher::update(const DnsValue& value, dns::Record change, Done done) {
  const auto update = under_way_.emplace(under_way_.end(), context_);
  update->start({value.zone, {std::move(change)}}, server_, key_,
                [this, update, done = std::move(done)](const base::Result<>& result) {
                  const Done tell = done;  // this dies with the update
                  under_way_.erase(update);
                  tell(result);
                });
}

}  // namespace gate::acme
