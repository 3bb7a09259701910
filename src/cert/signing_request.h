#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cert/private_key.h"

namespace gate::cert {

// A request for a certificate (PKCS #10, RFC 2986), read from outside. Its signature has been verified: who made it has
// the key.
struct SigningRequest {
  static constexpr std::size_t kBytesMax = 16 * 1024;  // hundreds of names; more is an attempt to make us work

  // Refused (kCannotReadRequest): what is not exactly one request, one whose signature is wrong, weak keys (kWeakKey,
  // kUnsupportedKey). `origin` names the source in errors.
  static base::Result<SigningRequest> from_der(base::ByteView der, std::string_view origin);
  static base::Result<SigningRequest> from_pem(std::string_view pem, std::string_view origin);

  std::string common_name;         // may be empty
  std::vector<std::string> names;  // DNS names, lower case, and addresses, of the subject alternative names
  std::vector<std::string> mail_addresses;
  bool asks_for_more = false;   // names of other kinds, or extensions that a leaf of ours never has
  std::string public_key_info;  // DER SubjectPublicKeyInfo
};

}  // namespace gate::cert
