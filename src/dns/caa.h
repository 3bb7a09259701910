#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/name.h"
#include "dns/rdata.h"

namespace gate::dns {

// The CAA records that say who may issue for a name, and where they stand: at the name or the first one above it that
// has some (RFC 8659 3). Nowhere: everybody may.
struct Permissions {
  std::optional<Name> at;
  std::vector<Permission> records;
};

// Finds them through resolvers. A failure is an error and no permission (RFC 8659 3: an authority must not issue).
class PermissionSearch {
 public:
  using Done = std::function<void(base::Result<Permissions>)>;

  // `context` outlives it. Destroying it gives up; that may happen within `done`.
  PermissionSearch(const Context& context, std::vector<base::Endpoint> resolvers)
      : context_(context), resolvers_(std::move(resolvers)) {}
  PermissionSearch(const PermissionSearch&) = delete;
  PermissionSearch& operator=(const PermissionSearch&) = delete;

  // Once. `done` is called later, never from within.
  void start(const Name& name, Done done);

 private:
  void ask();
  void take(const base::Result<Answer>& answer);

  Context context_;
  std::vector<base::Endpoint> resolvers_;
  Name name_;
  Done done_;
  std::optional<Exchange> exchange_;
};

}  // namespace gate::dns
