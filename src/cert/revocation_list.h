#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "cert/certificate.h"
#include "cert/issue.h"
#include "cert/private_key.h"

namespace gate::cert {

// RFC 5280 5.3.1, those that an authority of people's own has a use for.
enum class RevocationReason : std::uint8_t {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
  kPrivilegeWithdrawn = 9,
};

// "key-compromise".
std::string_view to_string(RevocationReason reason);
// Also as RFC 5280 and other programs write them: "keyCompromise", "keycompromise".
std::optional<RevocationReason> parse_revocation_reason(std::string_view text);
// By its number in RFC 5280.
std::optional<RevocationReason> revocation_reason(int number);

struct RevokedSerial {
  std::string serial;  // hexadecimal
  base::WallTime at;
  RevocationReason reason = RevocationReason::kUnspecified;
};

// The list of revoked certificates of `root` (RFC 5280 5), DER. Lists of one root have increasing numbers.
std::string sign_revocation_list(const Certificate& root, const PrivateKey& root_key, std::uint64_t number,
                                 const Validity& validity, std::span<const RevokedSerial> revoked);

// What a list that this program wrote says.
struct RevocationListFacts {
  std::uint64_t number = 0;
  base::WallTime next_update;
  std::set<std::string> serials{};  // lower-case hexadecimal
};
std::optional<RevocationListFacts> read_revocation_list(base::ByteView der);

// "-----BEGIN X509 CRL-----" and so on.
std::string revocation_list_pem(std::string_view der);

}  // namespace gate::cert
