#include "cert/local_ca.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/mem.h>
#include <unistd.h>

#include <algorithm>

#include "cert/codes.h"
#include "cert/issue.h"
#include "os/append_file.h"
#include "os/file.h"

namespace gate::cert {

namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::chrono::hours kBackdated{1};

base::Error unusable(const std::string& folder, std::string why, std::string fix) {
  return {.code = kLocalCaUnusable,
          .side = base::Side::kSystem,
          .what = fmt::format("the local certificate authority in {} cannot be used", folder),
          .why = std::move(why),
          .fix = std::move(fix)};
}

constexpr std::string_view kStartAgain = "remove the folder; a new authority is made, then run: gate443 trust install";

// A root that clients trust is not to be thrown away because a clock is wrong.
base::Error unusable(const std::string& folder, const base::Error& cause) {
  std::string fix(kStartAgain);
  if (cause.code == kNotYetValid) fix = "correct this machine's clock";
  if (cause.code == kExpired) fix = "if this machine's clock is right, " + fix;
  return unusable(folder, cause.what + ": " + cause.why, std::move(fix));
}

bool exists(const std::string& path) { return os::inspect(path).has_value(); }

// The root is told apart from others in trust stores by the machine's name and the time it was made.
std::string root_name(base::WallTime now) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {'l', 'o', 'c', 'a', 'l'};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  constexpr std::size_t kHostShown = 30;  // RFC 5280: a common name has at most 64 characters
  return fmt::format("Gate443 local CA {:.{}} {:x}", host.data(), kHostShown, seconds);
}

}  // namespace

base::Result<LocalCa> LocalCa::open_or_create(const std::string& folder, base::WallTime now) {
  GATE_TRY(os::make_directories(folder, 0700));
  LocalCa ca(folder);
  GATE_TRY_ASSIGN(const auto held, os::wait_for_lock(folder + "/lock"));
  GATE_TRY(ca.load(now));
  if (ca.authorities_.empty()) GATE_TRY(ca.add(NameConstraints::local(), now));
  return ca;
}

base::Result<LocalCa> LocalCa::open(const std::string& folder, base::WallTime now) {
  LocalCa ca(folder);
  GATE_TRY(ca.load(now));
  if (ca.authorities_.empty()) {
    return base::fail(unusable(folder, "it was never made on this machine",
                               "serve a site with a local certificate first: gate443 serve"));
  }
  return ca;
}

std::vector<LocalCa::Root> LocalCa::roots() const {
  std::vector<Root> roots;
  for (std::size_t i = 0; i < authorities_.size(); ++i) roots.push_back({authorities_[i].root, path(i, "crt")});
  return roots;
}

base::Result<Credential> LocalCa::issue(std::span<const std::string> names, base::WallTime now) {
  const auto bad = std::find_if_not(names.begin(), names.end(), is_name_or_address);
  if (names.empty() || bad != names.end()) {
    return base::fail({.code = kCannotIssue,
                       .side = base::Side::kConfiguration,
                       .what = "cannot issue a local certificate",
                       .why = names.empty() ? std::string("the site has no names")
                                            : fmt::format("\"{}\" is neither a DNS name nor an address", *bad),
                       .fix = "give the site names such as localhost, app.test or 127.0.0.1"});
  }
  GATE_TRY_ASSIGN(const Authority* authority, authority_for(names, now));
  if (const auto valid = check_dates(authority->root, now, folder_); !valid)
    return base::fail(unusable(folder_, valid.error()));
  PrivateKey key = PrivateKey::generate();
  const Validity validity{.not_before = now - kBackdated,
                          .not_after = std::min<base::WallTime>(now + kLeafLifetime, authority->root.not_after())};
  const LeafContent content{.names = names, .public_key_info = key.public_key_info(), .validity = validity};
  std::vector<Certificate> chain{make_leaf(authority->root, authority->key, content)};
  return Credential{std::move(chain), std::move(key)};
}

// The files root.pem, root-2.pem, … each hold a key and its certificate, so that the two can never disagree. The .crt
// beside each is a copy of the certificate for trust stores and other users.
base::Result<void> LocalCa::load(base::WallTime now) {
  authorities_.clear();
  for (std::size_t i = 0; i < kRootsMax && exists(path(i, "pem")); ++i) {
    const std::string file = path(i, "pem");
    GATE_TRY(os::check_private(file, "local authority's key"));
    GATE_TRY_ASSIGN(auto text, os::read_file(file, kFileBytesMax));
    auto loaded = load_credential({text, text, file, file}, {}, now);
    OPENSSL_cleanse(text.data(), text.size());
    if (!loaded) return base::fail(unusable(folder_, loaded.error()));
    if (!loaded->leaf().is_ca()) return base::fail(unusable(folder_, file + " is no root", std::string(kStartAgain)));
    NameConstraints constraints = NameConstraints::of(loaded->leaf());
    if (!exists(path(i, "crt"))) GATE_TRY(os::write_file_atomically(path(i, "crt"), loaded->leaf().to_pem(), 0644));
    authorities_.push_back({std::move(loaded->chain.front()), std::move(loaded->key), std::move(constraints)});
  }
  return {};
}

// The lock is held.
base::Result<void> LocalCa::add(const NameConstraints& constraints, base::WallTime now) {
  const std::size_t number = authorities_.size();
  if (number == kRootsMax) {
    return base::fail(unusable(folder_, fmt::format("it has {} roots already", kRootsMax), std::string(kStartAgain)));
  }
  PrivateKey key = PrivateKey::generate();
  Certificate root =
      make_root(key, {.common_name = root_name(now)}, &constraints, {now - kBackdated, now + kRootLifetime});
  std::string text = key.to_pem() + root.to_pem();
  const auto written = os::write_file_atomically(path(number, "pem"), text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  GATE_TRY(written);
  GATE_TRY(os::write_file_atomically(path(number, "crt"), root.to_pem(), 0644));
  authorities_.push_back({std::move(root), std::move(key), constraints});
  return {};
}

base::Result<const LocalCa::Authority*> LocalCa::authority_for(std::span<const std::string> names, base::WallTime now) {
  const auto find = [&]() -> const Authority* {
    const auto found = std::find_if(authorities_.begin(), authorities_.end(), [&](const Authority& each) {
      return std::all_of(names.begin(), names.end(), [&](const auto& name) { return each.constraints.permits(name); });
    });
    return found == authorities_.end() ? nullptr : &*found;
  };
  if (const Authority* found = find()) return found;
  GATE_TRY_ASSIGN(const auto held, os::wait_for_lock(folder_ + "/lock"));
  GATE_TRY(load(now));  // another process may have made it meanwhile
  if (const Authority* found = find()) return found;
  NameConstraints constraints = NameConstraints::local();
  for (const std::string& name : names) constraints.permit(name);
  GATE_TRY(add(constraints, now));
  return &authorities_.back();
}

std::string LocalCa::path(std::size_t number, std::string_view extension) const {
  return number == 0 ? fmt::format("{}/root.{}", folder_, extension)
                     : fmt::format("{}/root-{}.{}", folder_, number + 1, extension);
}

base::WallTime renewal_time(const Certificate& certificate) {
  const auto life = certificate.not_after() - certificate.not_before();
  return certificate.not_before() + life * 2 / 3;
}

}  // namespace gate::cert
