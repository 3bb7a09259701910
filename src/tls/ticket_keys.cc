#include "tls/ticket_keys.h"

#include <openssl/mem.h>

namespace gate::tls {

namespace {

TicketKeys::Key fresh_key(base::Random& random, base::WallTime now) {
  TicketKeys::Key key;
  random.fill(key.name);
  random.fill(key.secret);
  key.created = now;
  return key;
}

// Sealed until kRotation, opened for a ticket's lifetime after that.
bool is_past_its_time(const TicketKeys::Key& key, base::WallTime now) {
  return now >= key.created + TicketKeys::kRotation + TicketKeys::kTicketLifetime;
}

}  // namespace

TicketKeys TicketKeys::generate(base::Random& random, base::WallTime now) {
  TicketKeys keys;
  keys.keys_.reserve(1);
  keys.keys_.push_back(fresh_key(random, now));
  return keys;
}

TicketKeys::~TicketKeys() {
  for (Key& key : keys_) OPENSSL_cleanse(key.secret.data(), key.secret.size());
}

TicketKeys TicketKeys::rotated(base::Random& random, base::WallTime now) const {
  TicketKeys next;
  next.keys_.reserve(kKeysMax);  // a vector that grows would leave secrets in the memory it frees
  next.keys_.push_back(fresh_key(random, now));
  for (const Key& key : keys_) {
    if (next.keys_.size() < kKeysMax && !is_past_its_time(key, now)) next.keys_.push_back(key);
  }
  return next;
}

}  // namespace gate::tls
