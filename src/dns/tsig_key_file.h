#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "dns/tsig.h"

namespace gate::dns {

// The key in the text of a file as tsig-keygen and rndc-confgen write it and named includes it:
//
//   key "gate443" {
//       algorithm hmac-sha256;
//       secret "base64";
//   };
//
// Else what is wrong with it, for a message; never with the secret.
std::expected<TsigKey, std::string> parse_tsig_key_file(std::string_view text);

// A key by its parts, the secret in base64; else what is wrong.
std::expected<TsigKey, std::string> make_tsig_key(std::string_view name, std::string_view algorithm,
                                                  std::string_view secret);

}  // namespace gate::dns
