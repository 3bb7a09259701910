#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "dns/caa.h"
#include "dns/exchange.h"

namespace gate::acme {

// Looks whether the zones of names let an authority issue, before it is asked and says no in fewer words.
class CaaCheck {
 public:
  using Done = std::function<void(base::Result<>)>;

  // What is asked.
  struct Question {
    std::vector<std::string> names;       // as they are ordered, "*.example.com"; addresses are passed over
    std::vector<std::string> identities;  // of the authority
    std::string account;                  // URL
  };

  // `context` outlives it. Destroying it gives up; that may happen within `done`.
  CaaCheck(const dns::Context& context, std::vector<base::Endpoint> resolvers)
      : context_(context), resolvers_(std::move(resolvers)) {}
  CaaCheck(const CaaCheck&) = delete;
  CaaCheck& operator=(const CaaCheck&) = delete;

  // Once, with a name that is no address among them. `done` is called later, never from within: with kCaaForbids, or
  // with the failure of a server, since an authority will take that for a no (RFC 8659 3). Where no resolver answers at
  // all, it is for the authority to say.
  void start(Question question, Done done);

 private:
  bool search_next();
  void take(const dns::Name& name, bool wildcard, const base::Result<dns::Permissions>& found);

  dns::Context context_;
  std::vector<base::Endpoint> resolvers_;
  Question question_;
  Done done_;
  std::size_t next_ = 0;
  std::optional<dns::PermissionSearch> search_;
};

}  // namespace gate::acme
