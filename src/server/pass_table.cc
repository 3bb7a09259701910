#include "server/pass_table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace gate::server {
namespace {

bool offers_any(const tls::ClientHello& hello, const std::vector<std::string>& wanted) {
  base::ByteReader protocols(hello.alpn_protocols);
  while (const auto protocol = protocols.vector8()) {
    if (std::ranges::find(wanted, base::as_text(*protocol)) != wanted.end()) return true;
  }
  return false;
}

}  // namespace

PassTable::PassTable(std::vector<std::shared_ptr<const PassPlan>> plans) : plans_(std::move(plans)) {
  for (std::uint32_t i = 0; i < plans_.size(); ++i) {
    for (const auto& name : plans_[i]->names) GATE_CHECK(names_.add(name, i));
  }
}

const std::shared_ptr<const PassPlan>* PassTable::find(const tls::ClientHello& hello) const {
  const auto index = names_.find(hello.server_name);
  if (!index) return nullptr;
  const auto& plan = plans_[*index];
  return plan->alpn.empty() || offers_any(hello, plan->alpn) ? &plan : nullptr;
}

}  // namespace gate::server
