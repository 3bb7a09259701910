#include "acme/foreign_account.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/mem.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "acme/codes.h"
#include "jose/private_key.h"
#include "os/file.h"

namespace gate::acme {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr int kDepthMax = 8;  // of an authority's path: "/v2/DV90"
constexpr std::size_t kFilesMax = 10'000;

// The files of this name in `folder` and the folders in it; links are not followed.
std::vector<std::string> files_named(const char* name, const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  std::size_t seen = 0;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end && seen < kFilesMax;
       at.increment(error), ++seen) {
    if (at.depth() >= kDepthMax) at.disable_recursion_pending();
    if (at->path().filename() == name) found.push_back(at->path().string());
  }
  return found;
}

base::WallTime made(const ForeignAccount& account) {
  const auto facts = os::inspect(account.key_file);
  return facts ? facts->modified : base::WallTime{};
}

}  // namespace

std::vector<ForeignAccount> find_certbot_accounts(const std::string& accounts) {
  std::map<std::string, ForeignAccount> newest;  // by the directory
  for (const std::string& file : files_named("private_key.json", accounts)) {
    const fs::path folder = fs::path(file).parent_path();
    const std::string server = folder.parent_path().lexically_relative(accounts).generic_string();
    ForeignAccount account{.directory = "https://" + server, .key_file = file, .facts_file = folder / "regr.json"};
    if (!os::inspect(account.facts_file)) continue;
    const auto [place, is_new] = newest.try_emplace(account.directory, account);
    if (!is_new && made(place->second) < made(account)) place->second = std::move(account);
  }
  std::vector<ForeignAccount> found;
  for (auto& [directory, account] : newest) found.push_back(std::move(account));
  return found;
}

base::Result<Account> read_foreign_account(const ForeignAccount& foreign, base::WallTime now) {
  GATE_TRY_ASSIGN(auto text, os::read_file(foreign.key_file, kFileBytesMax));
  auto key = jose::private_key_from_jwk(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!key) return base::fail(std::move(key).error());
  GATE_TRY_ASSIGN(const auto facts_text, os::read_file(foreign.facts_file, kFileBytesMax));
  const auto facts = nlohmann::json::parse(facts_text, nullptr, false);
  const auto url = facts.is_object() ? facts.find("uri") : facts.end();
  if (!facts.is_object() || url == facts.end() || !url->is_string() ||
      !url->get_ref<const std::string&>().starts_with("https://")) {
    return base::fail({.code = kForeignAccount,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("{} does not say where the account is", foreign.facts_file),
                       .why = "it has no \"uri\" that is an https:// URL",
                       .fix = "nothing is lost: another account is made with the first order"});
  }
  return Account{.key = *std::move(key), .url = *url, .directory = foreign.directory, .since = now};
}

}  // namespace gate::acme
