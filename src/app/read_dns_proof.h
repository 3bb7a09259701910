#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "app/dns_proof_settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// dns update ADDRESS[:PORT] { … }  ·  dns exec PROGRAM ARGUMENT… [{ … }]  ·  dns http URL [{ … }]. Null where it was
// reported to be wrong.
std::shared_ptr<const DnsProofSettings> read_dns_proof(const conf::Statement& statement, conf::Reader& reader);

// The words of its block, for `explain`.
struct DnsProofWord {
  std::string_view name;
  std::string_view synopsis;
  std::string_view summary;
};
std::vector<DnsProofWord> dns_proof_words();

}  // namespace gate::app
