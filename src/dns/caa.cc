#include "dns/caa.h"

#include "dns/query.h"

namespace gate::dns {

void PermissionSearch::start(const Name& name, Done done) {
  name_ = name;
  done_ = std::move(done);
  ask();
}

void PermissionSearch::ask() {
  exchange_.emplace(context_);
  exchange_->start(query(name_, Type::kCaa, resolvers_, Asked::kResolver),
                   [this](const base::Result<Answer>& answer) { take(answer); });
}

void PermissionSearch::take(const base::Result<Answer>& answer) {
  if (!answer) return std::exchange(done_, nullptr)(base::fail(answer.error()));
  if (auto good = check_answer(*answer); !good) {
    return std::exchange(done_, nullptr)(base::fail(std::move(good.error())));
  }
  Permissions found;
  for (const auto& record : answer->message.answers) {
    // Those of an alias' target count for the alias; the resolver has followed it.
    if (auto permission = permission_in(record)) found.records.push_back(*std::move(permission));
  }
  if (!found.records.empty()) {
    found.at = name_;
    return std::exchange(done_, nullptr)(std::move(found));
  }
  name_ = name_.parent();
  // RFC 8659 3: up to the root, which is not asked.
  if (name_.is_root()) return std::exchange(done_, nullptr)(std::move(found));
  ask();
}

}  // namespace gate::dns
