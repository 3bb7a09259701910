#include "cert/store.h"

#include <fmt/format.h>
#include <openssl/mem.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "cert/codes.h"
#include "cert/name_constraints.h"
#include "os/file.h"

namespace gate::cert {

namespace {

constexpr std::size_t kFileBytesMax = 256 * 1024;
constexpr std::string_view kFileName = "credential.pem";

base::Result<void> check_name(std::string_view name) {
  // Names become folders: what is no name could climb out of the store.
  if (is_name_or_address(name)) return {};
  return base::fail({.code = kCannotIssue,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("cannot keep a certificate for \"{}\"", name),
                     .why = "it is neither a DNS name nor an address"});
}

base::Result<Certificate> leaf_in(const std::string& file) {
  GATE_TRY_ASSIGN(auto text, os::read_file(file, kFileBytesMax));
  auto chain = certificates_from_pem(text, file);
  OPENSSL_cleanse(text.data(), text.size());
  if (!chain) return std::unexpected(std::move(chain).error());
  return std::move(chain->front());
}

}  // namespace

base::Result<void> Store::save(std::string_view name, const Credential& credential) const {
  GATE_TRY(check_name(name));
  const std::string file = path_of(name);
  GATE_TRY(os::make_directories(file.substr(0, file.rfind('/')), 0700));
  std::string text = credential.key.to_pem();
  for (const Certificate& certificate : credential.chain) text += certificate.to_pem();
  const auto written = os::write_file_atomically(file, text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

base::Result<std::optional<Credential>> Store::load(std::string_view name) const {
  GATE_TRY(check_name(name));
  const std::string file = path_of(name);
  if (!os::inspect(file)) return std::nullopt;
  GATE_TRY(os::check_private(file, "private key"));
  GATE_TRY_ASSIGN(auto text, os::read_file(file, kFileBytesMax));
  auto loaded = read_credential({text, text, file, file});
  OPENSSL_cleanse(text.data(), text.size());
  if (!loaded) return std::unexpected(std::move(loaded).error());
  return *std::move(loaded);
}

std::vector<Store::Entry> Store::list() const {
  std::vector<Entry> entries;
  std::error_code error;
  for (std::filesystem::directory_iterator at(root_, error), end; !error && at != end; at.increment(error)) {
    const std::string file = at->path().string() + "/" + std::string(kFileName);
    if (os::inspect(file)) entries.push_back({at->path().filename().string(), leaf_in(file)});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

std::string Store::path_of(std::string_view name) const {
  std::string folder(name);
  std::replace(folder.begin(), folder.end(), '*', '_');
  std::replace(folder.begin(), folder.end(), ':', '-');
  return fmt::format("{}/{}/{}", root_, folder, kFileName);
}

}  // namespace gate::cert
