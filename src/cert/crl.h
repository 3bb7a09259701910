#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"

namespace gate::cert {

// A certificate revocation list (RFC 5280 5): what an authority has taken back. An immutable value.
class Crl {
 public:
  base::ByteView der() const { return der_; }
  base::WallTime this_update() const { return this_update_; }
  // Nothing: the list does not say when there will be a newer one.
  std::optional<base::WallTime> next_update() const { return next_update_; }

  // Whether `issuer` is named as the issuer of the list and its key made the signature.
  bool is_signed_by(const Certificate& issuer) const;

  // Since when `certificate`, of the same issuer, is revoked or on hold. Nothing: it is not in the list.
  std::optional<base::WallTime> revoked_since(const Certificate& certificate) const;

 private:
  friend base::Result<Crl> crl_from_der(base::ByteView der, std::string_view origin);

  std::vector<std::byte> der_;
  base::WallTime this_update_{};
  std::optional<base::WallTime> next_update_;
};

base::Result<Crl> crl_from_der(base::ByteView der, std::string_view origin);

// The lists in a file: one in DER, or PEM blocks "X509 CRL". At least one.
base::Result<std::vector<Crl>> read_crls(std::string_view text, std::string_view origin);

}  // namespace gate::cert
