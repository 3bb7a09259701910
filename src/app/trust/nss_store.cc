#include "app/trust/nss_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/trust/codes.h"
#include "base/text.h"
#include "os/file.h"
#include "os/process.h"

namespace gate::app {
namespace {

std::string nickname(const cert::LocalCa::Root& root) {
  constexpr std::size_t kNameBytes = 8;
  return "Gate443 local CA " + base::to_hex(std::span(root.certificate.fingerprint()).first(kNameBytes));
}

}  // namespace

base::Result<std::string> NssStore::run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "certutil");
  arguments.insert(arguments.end(), {"-d", "sql:" + folder_});
  auto outcome = os::run_command({.arguments = arguments, .deadline = std::chrono::seconds(30)});
  constexpr int kNoSuchProgram = 127;
  if (!outcome || outcome->exit_code == kNoSuchProgram) {
    return base::fail({.code = kTrustToolMissing,
                       .what = "cannot change " + name() + ": there is no certutil",
                       .why = "browsers keep their own roots, and certutil is the tool for them",
                       .fix = "apt-get install libnss3-tools"});
  }
  if (outcome->exit_code == 0) return std::move(outcome->output);
  return base::fail({.code = kCannotTrust, .what = "cannot change " + name(), .why = outcome->errors});
}

bool NssStore::contains(const cert::LocalCa::Root& root) const { return run({"-L", "-n", nickname(root)}).has_value(); }

base::Result<void> NssStore::install(const cert::LocalCa::Root& root) {
  GATE_TRY(os::make_directories(folder_, 0700));
  if (!os::inspect(folder_ + "/cert9.db")) GATE_TRY(run({"-N", "--empty-password"}));
  // "C,,": trusted to issue certificates of servers, and nothing else.
  GATE_TRY(run({"-A", "-t", "C,,", "-n", nickname(root), "-i", root.path}));
  return {};
}

base::Result<void> NssStore::remove(const cert::LocalCa::Root& root) {
  if (!contains(root)) return {};
  GATE_TRY(run({"-D", "-n", nickname(root)}));
  return {};
}

base::Result<cert::Roots> NssStore::trusted(const cert::LocalCa& ca) const {
  std::vector<cert::Certificate> found;
  for (const auto& root : ca.roots()) {
    GATE_TRY_ASSIGN(const auto pem, run({"-L", "-a", "-n", nickname(root)}));
    GATE_TRY_ASSIGN(auto certificates, cert::certificates_from_pem(pem, name()));
    std::ranges::move(certificates, std::back_inserter(found));
  }
  return cert::Roots::of(found);
}

}  // namespace gate::app
