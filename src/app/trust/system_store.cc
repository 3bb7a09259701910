#include "app/trust/system_store.h"

#include <fmt/format.h>

#include "app/trust/codes.h"
#include "base/text.h"
#include "os/file.h"
#include "os/privileges.h"
#include "os/process.h"

namespace gate::app {
namespace {

constexpr std::size_t kPemBytesMax = 64 * 1024;
constexpr mode_t kReadableByAll = 0644;
constexpr std::size_t kBundleBytesMax = 16 * 1024 * 1024;
constexpr const char* kBundle = "/etc/ssl/certs/ca-certificates.crt";
constexpr const char* kFolder = "/usr/local/share/ca-certificates";

// One file a root, named after it, so that several state folders do not fight over a name.
std::string file_of(const cert::LocalCa::Root& root) {
  constexpr std::size_t kNameBytes = 8;
  return fmt::format("{}/gate443-{}.crt", kFolder,
                     base::to_hex(std::span(root.certificate.fingerprint()).first(kNameBytes)));
}

base::Result<void> update_bundle() {
  GATE_TRY_ASSIGN(const auto outcome,
                  os::run_command({.arguments = {"update-ca-certificates"}, .deadline = std::chrono::minutes(2)}));
  if (outcome.exit_code == 0) return {};
  return base::fail({.code = kCannotTrust, .what = "update-ca-certificates failed", .why = outcome.errors});
}

}  // namespace

bool SystemStore::is_ours_to_change() const { return os::is_root(); }

// Installed, and taken into what programs read.
bool SystemStore::contains(const cert::LocalCa::Root& root) const {
  const std::string pem = root.certificate.to_pem();
  const auto installed = os::read_file(file_of(root), kPemBytesMax);
  const auto bundle = os::read_file(kBundle, kBundleBytesMax);
  return installed && *installed == pem && bundle && bundle->find(pem) != std::string::npos;
}

base::Result<void> SystemStore::install(const cert::LocalCa::Root& root) {
  GATE_TRY(os::make_directories(kFolder, 0755));
  GATE_TRY(os::write_file_atomically(file_of(root), root.certificate.to_pem(), kReadableByAll));
  return update_bundle();
}

base::Result<void> SystemStore::remove(const cert::LocalCa::Root& root) {
  GATE_TRY(os::remove_file(file_of(root)));
  return update_bundle();
}

base::Result<cert::Roots> SystemStore::trusted(const cert::LocalCa&) const { return cert::Roots::system(); }

}  // namespace gate::app
