#include "app/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace gate::app {
namespace {

constexpr std::size_t kAccountsMax = 1000;

std::string_view without_scheme(std::string_view url) {
  const auto scheme = url.find("://");
  return scheme == std::string_view::npos ? url : url.substr(scheme + 3);
}

std::string host_of(const acme::Account& account) {
  const std::string_view rest = without_scheme(account.directory);
  return std::string(rest.substr(0, rest.find('/')));
}

}  // namespace

// "https://acme-v02.api.letsencrypt.org/directory" as the name of a folder.
std::string account_folder(std::string_view state_folder, std::string_view directory) {
  std::string name(without_scheme(directory));
  std::ranges::replace_if(
      name, [](char c) { return !base::is_alpha(c) && !base::is_digit(c) && c != '.' && c != '-'; }, '_');
  return fmt::format("{}/acme/{}", state_folder, name);
}

std::vector<StoredAccount> stored_accounts(const std::string& state_folder) {
  std::vector<StoredAccount> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(state_folder + "/acme", error), end;
       !error && at != end && found.size() < kAccountsMax; at.increment(error)) {
    const std::string folder = at->path().string();
    if (!acme::has_account(folder)) continue;
    StoredAccount stored{.host = {}, .key_file = folder + "/account.pem", .account = acme::read_account(folder)};
    if (stored.account) stored.host = host_of(*stored.account);
    if (stored.host.empty()) stored.host = at->path().filename().string();
    found.push_back(std::move(stored));
  }
  std::ranges::sort(found, {}, &StoredAccount::key_file);
  return found;
}

}  // namespace gate::app
