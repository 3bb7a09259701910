#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cert/renewal.h"

namespace gate::cert {

// The facts as they are kept on disk: JSON that people can read, ending with a newline.
std::string to_json(const RenewalFacts& facts);

// Reads them again; `origin` names the file in errors. kFactsUnreadable for anything that `to_json` does not write.
// Members it does not know are skipped: a newer version may have written them.
base::Result<RenewalFacts> renewal_facts(std::string_view json, std::string_view origin);

}  // namespace gate::cert
