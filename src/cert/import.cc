#include "cert/import.h"

#include <fmt/format.h>
#include <openssl/mem.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "os/file.h"

namespace gate::cert {

namespace {

constexpr std::size_t kFileBytesMax = 256 * 1024;
constexpr std::size_t kFoldersMax = 100'000;

// The folders in `folder`, by name.
std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end && names.size() < kFoldersMax;
       at.increment(error)) {
    if (std::error_code ignored; at->is_directory(ignored)) names.push_back(at->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

// Only where both files are there: other folders are those programs' own business.
void add(std::vector<Foreign>& found, Foreign foreign) {
  if (os::inspect(foreign.chain_file) && os::inspect(foreign.key_file)) found.push_back(std::move(foreign));
}

}  // namespace

std::vector<Foreign> find_certbot(const std::string& live) {
  std::vector<Foreign> found;
  for (const auto& name : folders_in(live))
    add(found, {name, fmt::format("{}/{}/fullchain.pem", live, name), fmt::format("{}/{}/privkey.pem", live, name)});
  return found;
}

std::vector<Foreign> find_caddy(const std::string& storage) {
  std::vector<Foreign> found;
  const std::string root = storage + "/certificates";
  for (const auto& issuer : folders_in(root)) {
    for (const auto& name : folders_in(fmt::format("{}/{}", root, issuer))) {
      const std::string stem = fmt::format("{0}/{1}/{2}/{2}", root, issuer, name);
      add(found, {name, stem + ".crt", stem + ".key"});
    }
  }
  return found;
}

std::vector<Foreign> find_acme_sh(const std::string& home) {
  constexpr std::string_view kEcdsa = "_ecc";
  std::vector<Foreign> found;
  for (const auto& folder : folders_in(home)) {
    const std::string name = folder.ends_with(kEcdsa) ? folder.substr(0, folder.size() - kEcdsa.size()) : folder;
    add(found,
        {name, fmt::format("{}/{}/fullchain.cer", home, folder), fmt::format("{}/{}/{}.key", home, folder, name)});
  }
  return found;
}

base::Result<Credential> read_foreign(const Foreign& foreign) {
  GATE_TRY_ASSIGN(const auto chain, os::read_file(foreign.chain_file, kFileBytesMax));
  GATE_TRY_ASSIGN(auto key, os::read_file(foreign.key_file, kFileBytesMax));
  auto credential = read_credential(
      {.chain_pem = chain, .key_pem = key, .chain_origin = foreign.chain_file, .key_origin = foreign.key_file});
  OPENSSL_cleanse(key.data(), key.size());
  return credential;
}

std::string name_to_keep(const Foreign& foreign, const Certificate& leaf) {
  const auto& names = leaf.dns_names();
  if (std::ranges::find(names, foreign.name) != names.end()) return foreign.name;
  if (!names.empty()) return names.front();
  return leaf.addresses().empty() ? foreign.name : leaf.addresses().front().to_string();
}

}  // namespace gate::cert
