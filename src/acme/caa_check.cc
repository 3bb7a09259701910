#include "acme/caa_check.h"

#include <string_view>

#include "acme/caa.h"
#include "base/check.h"
#include "dns/codes.h"

namespace gate::acme {

void CaaCheck::start(Question question, Done done) {
  question_ = std::move(question);
  done_ = std::move(done);
  GATE_CHECK(search_next());
}

// False where there is none left.
bool CaaCheck::search_next() {
  while (next_ < question_.names.size()) {
    std::string_view text = question_.names[next_++];
    const bool wildcard = text.starts_with("*.");
    if (wildcard) text.remove_prefix(2);
    const auto name = base::IpAddress::parse(text) ? std::nullopt : dns::Name::parse(text);
    if (!name) continue;
    search_.emplace(context_, resolvers_);
    search_->start(*name, [this, name = *name, wildcard](const base::Result<dns::Permissions>& found) {
      take(name, wildcard, found);
    });
    return true;
  }
  return false;
}

void CaaCheck::take(const dns::Name& name, bool wildcard, const base::Result<dns::Permissions>& found) {
  base::Result<> allowed;
  if (found) {
    allowed = caa_allows(*found, name, wildcard, {question_.identities, question_.account, {}});
  } else if (found.error().code != dns::kNoAnswer) {
    allowed = base::fail(found.error());
  }
  if (allowed && search_next()) return;
  std::exchange(done_, nullptr)(std::move(allowed));
}

}  // namespace gate::acme
