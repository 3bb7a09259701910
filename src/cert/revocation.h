#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"

namespace gate::cert {

// Where a certificate says one can learn whether it was revoked: URLs, a few at most.
struct RevocationSources {
  std::vector<std::string> responders;  // OCSP (RFC 5280 4.2.2.1)
  std::vector<std::string> lists;       // CRLs (RFC 5280 4.2.1.13)

  bool empty() const { return responders.empty() && lists.empty(); }
};

RevocationSources revocation_sources(const Certificate& certificate);

// The question after `certificate` (RFC 6960 4.1, by the profile of RFC 5019), DER. `issuer` has issued it.
std::string ocsp_request(const Certificate& certificate, const Certificate& issuer);

// What a responder has said of a certificate.
struct OcspAnswer {
  enum class Status : std::uint8_t { kGood, kRevoked, kUnknown };
  Status status = Status::kUnknown;
  base::WallTime this_update{};
  base::WallTime next_update{};
  std::optional<base::WallTime> revoked_since{};
};

// Reads a response, DER, as RFC 6960 3.2 demands: about this certificate, signed by `issuer` or by whom it lets sign
// for it, and good at `now`. kBadRevocationAnswer, with the reason, for everything else.
base::Result<OcspAnswer> read_ocsp_response(base::ByteView der, const Certificate& certificate,
                                            const Certificate& issuer, base::WallTime now);

}  // namespace gate::cert
