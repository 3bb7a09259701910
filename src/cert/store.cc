#include "cert/store.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/mem.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cert/codes.h"
#include "cert/name_constraints.h"
#include "cert/renewal_json.h"
#include "os/codes.h"

namespace gate::cert {

namespace {

constexpr std::size_t kFileBytesMax = 256 * 1024;
constexpr std::size_t kFactsBytesMax = 64 * 1024;
constexpr std::string_view kCredential = "credential.pem";
constexpr std::string_view kFacts = "facts.json";

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

base::Result<Credential> credential_in(const std::string& file) {
  GATE_TRY(os::check_private(file, "private key"));
  GATE_TRY_ASSIGN(auto text, os::read_file(file, kFileBytesMax));
  auto loaded = read_credential({text, text, file, file});
  OPENSSL_cleanse(text.data(), text.size());
  return loaded;
}

base::Result<void> write_credential(const std::string& file, const Credential& credential) {
  std::string text = credential.key.to_pem();
  for (const Certificate& certificate : credential.chain) text += certificate.to_pem();
  const auto written = os::write_file_atomically(file, text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

// What was read is no credential, rather than that it could not be read.
bool is_damage(const base::Error& error) {
  constexpr std::array kDamages{kCannotParseCertificate, kCannotParseKey,  kKeyDoesNotMatch,
                                kUnsupportedKey,         kFactsUnreadable, os::kFileTooLarge};
  return std::ranges::find(kDamages, error.code) != kDamages.end();
}

// Renames a damaged file after the time it was written at. Nothing is said about the one that it might replace: that
// was written in the same second.
base::Result<std::string> keep_aside(const std::string& file) {
  GATE_TRY_ASSIGN(const auto facts, os::inspect(file));
  std::string aside = fmt::format("{}.damaged-{:%Y%m%dT%H%M%SZ}", file,
                                  fmt::gmtime(std::chrono::system_clock::to_time_t(facts.modified)));
  GATE_TRY(os::rename_file(file, aside));
  return aside;
}

base::Error damage(const std::string& file, std::string why, std::string fix) {
  return {.code = kStoreDamaged,
          .side = base::Side::kSystem,
          .what = fmt::format("{} was damaged", file),
          .why = std::move(why),
          .fix = std::move(fix)};
}

// What a process that was killed while it wrote has left beside `file`. A file of this minute may belong to one that
// is still writing; the new file itself tells the time, by the file system's clock.
void remove_leftovers(const std::string& file) {
  const auto written = os::inspect(file);
  const std::filesystem::path path(file);
  const std::string beginning = path.filename().string() + ".";
  constexpr std::size_t kRandomLetters = 6;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path.parent_path(), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(beginning) || name.size() != beginning.size() + kRandomLetters) continue;
    const auto facts = os::inspect(at->path().string());
    if (!written || !facts || facts->modified + std::chrono::minutes(1) > written->modified) continue;
    // One that stays takes a little room, and is met again by the next renewal.
    [[maybe_unused]] const auto removed = os::remove_file(at->path().string());
  }
}

// The newest good credential of the history, in the place of `file`.
base::Result<std::optional<Credential>> restore(const History& history, const std::string& file) {
  for (const std::string& former : history.files()) {
    auto credential = credential_in(former);
    if (!credential) continue;
    GATE_TRY(write_credential(file, *credential));
    return *std::move(credential);
  }
  return std::nullopt;
}

}  // namespace

base::Result<void> Store::save(std::string_view name, const Credential& credential) const {
  GATE_TRY(check_name(name));
  const std::string file = path_of(name);
  const History history = history_of(name);
  GATE_TRY(os::make_directories(folder_of(name), 0700));
  if (const auto former = leaf_in(file); former && former->fingerprint() != credential.leaf().fingerprint())
    GATE_TRY(history.keep(file, *former));
  GATE_TRY(write_credential(file, credential));
  remove_leftovers(file);
  return history.keep_newest(kHistoryMax);
}

base::Result<std::optional<Credential>> Store::load(std::string_view name) const {
  GATE_TRY(check_name(name));
  const std::string file = path_of(name);
  if (!os::inspect(file)) return std::nullopt;
  GATE_TRY_ASSIGN(auto credential, credential_in(file));
  return credential;
}

base::Result<void> Store::save_facts(std::string_view name, const RenewalFacts& facts) const {
  GATE_TRY(check_name(name));
  GATE_TRY(os::make_directories(folder_of(name), 0700));
  const std::string file = facts_file_of(name);
  GATE_TRY(os::write_file_atomically(file, to_json(facts), 0600));
  remove_leftovers(file);
  return {};
}

base::Result<RenewalFacts> Store::load_facts(std::string_view name) const {
  GATE_TRY(check_name(name));
  const std::string file = facts_file_of(name);
  if (!os::inspect(file)) return RenewalFacts{};
  GATE_TRY_ASSIGN(const auto text, os::read_file(file, kFactsBytesMax));
  return renewal_facts(text, file);
}

base::Result<Store::Opened> Store::open(std::string_view name) const {
  GATE_TRY(check_name(name));
  Opened opened;
  GATE_TRY(open_credential(name, opened));
  GATE_TRY(open_facts(name, opened));
  return opened;
}

base::Result<void> Store::open_credential(std::string_view name, Opened& opened) const {
  const std::string file = path_of(name);
  std::string why = "it was missing";
  std::string fix;
  auto loaded = load(name);
  if (!loaded && !is_damage(loaded.error())) return std::unexpected(std::move(loaded).error());
  if (!loaded) {
    why = loaded.error().why;
    GATE_TRY_ASSIGN(const auto aside, keep_aside(file));
    fix = fmt::format("it is kept as {}", aside);
  }
  const bool is_damaged = !loaded;
  if (loaded && *loaded) {
    opened.credential = *std::move(loaded);
    return {};
  }
  // Also when there is none: a process may have been killed after it had put it aside.
  GATE_TRY_ASSIGN(opened.credential, restore(history_of(name), file));
  if (opened.credential) fix += (fix.empty() ? "" : "; ") + std::string("the newest one of its history took its place");
  if (is_damaged || opened.credential) opened.damages.push_back(damage(file, std::move(why), std::move(fix)));
  return {};
}

base::Result<void> Store::open_facts(std::string_view name, Opened& opened) const {
  auto facts = load_facts(name);
  if (facts) {
    opened.facts = *std::move(facts);
    return {};
  }
  if (!is_damage(facts.error())) return std::unexpected(std::move(facts).error());
  const std::string file = facts_file_of(name);
  GATE_TRY_ASSIGN(const auto aside, keep_aside(file));
  opened.damages.push_back(damage(file, facts.error().why, fmt::format("it is kept as {}", aside)));
  return {};
}

std::vector<Certificate> Store::history(std::string_view name) const {
  std::vector<Certificate> leaves;
  if (!check_name(name)) return leaves;
  for (const std::string& file : history_of(name).files()) {
    if (auto leaf = leaf_in(file)) leaves.push_back(*std::move(leaf));
  }
  return leaves;
}

base::Result<os::FileLock> Store::lock(std::string_view name) const {
  GATE_TRY(check_name(name));
  GATE_TRY(os::make_directories(folder_of(name), 0700));
  return os::FileLock::acquire(folder_of(name) + "/lock");
}

base::Result<void> Store::remove(std::string_view name) const {
  GATE_TRY(check_name(name));
  std::error_code error;
  std::filesystem::remove_all(folder_of(name), error);
  if (!error) return {};
  return base::fail({.code = os::kCannotWriteFile,
                     .side = base::Side::kSystem,
                     .what = fmt::format("cannot remove {}", folder_of(name)),
                     .why = error.message()});
}

std::vector<Store::Entry> Store::list() const {
  std::vector<Entry> entries;
  std::error_code error;
  for (std::filesystem::directory_iterator at(root_, error), end; !error && at != end; at.increment(error)) {
    const std::string file = fmt::format("{}/{}", at->path().string(), kCredential);
    if (os::inspect(file)) entries.push_back({at->path().filename().string(), leaf_in(file)});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

std::string Store::folder_of(std::string_view name) const {
  std::string folder(name);
  std::replace(folder.begin(), folder.end(), '*', '_');
  std::replace(folder.begin(), folder.end(), ':', '-');
  return fmt::format("{}/{}", root_, folder);
}

std::string Store::facts_file_of(std::string_view name) const { return fmt::format("{}/{}", folder_of(name), kFacts); }

History Store::history_of(std::string_view name) const { return History(folder_of(name) + "/history"); }

std::string Store::path_of(std::string_view name) const { return fmt::format("{}/{}", folder_of(name), kCredential); }

}  // namespace gate::cert
