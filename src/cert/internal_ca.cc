#include "cert/internal_ca.h"

#include <fmt/format.h>
#include <openssl/mem.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "cert/codes.h"
#include "cert/credential.h"
#include "cert/issue.h"
#include "os/append_file.h"
#include "os/file.h"

namespace gate::cert {

namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::size_t kListBytesMax = std::size_t{64} << 20;
constexpr std::chrono::hours kBackdated{1};
// Ended certificates are kept in the list for a while, for those who ask what there was.
constexpr std::chrono::days kEndedAreKept{90};

std::string authority_path(const std::string& folder) { return folder + "/authority.pem"; }
std::string lock_path(const std::string& folder) { return folder + "/lock"; }
std::string url_path(const std::string& folder) { return folder + "/url"; }

base::Error unusable(const std::string& folder, const base::Error& cause) {
  const bool by_clock = cause.code == kNotYetValid || cause.code == kExpired;
  return {.code = kInternalCaUnusable,
          .what = fmt::format("the internal certificate authority in {} cannot be used", folder),
          .why = cause.why.empty() ? cause.what : cause.what + ": " + cause.why,
          .fix = by_clock
                     ? "correct this machine's clock, if that is wrong; an authority that has ended is replaced by "
                       "a new one: move the folder away, then gate443 ca init"
                     : "restore the folder from a backup"};
}

base::Error not_issued(base::ErrorCode code, std::string why, std::string fix) {
  return {.code = code,
          .side = base::Side::kConfiguration,
          .what = "the internal certificate authority does not issue this certificate",
          .why = std::move(why),
          .fix = std::move(fix)};
}

// RFC 5280, appendix A: ub-common-name is 64.
bool is_common_name(std::string_view name) {
  constexpr std::size_t kMax = 64;
  return !name.empty() && name.size() <= kMax &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

std::vector<std::string> all_names(const InternalCa::Order& order) {
  std::vector<std::string> names;
  if (!order.common_name.empty()) names.push_back(order.common_name);
  names.insert(names.end(), order.names.begin(), order.names.end());
  names.insert(names.end(), order.mail_addresses.begin(), order.mail_addresses.end());
  return names;
}

}  // namespace

std::string InternalCa::folder_in(const std::string& state_folder) { return state_folder + "/ca/internal"; }

bool InternalCa::exists(const std::string& state_folder) {
  return os::inspect(authority_path(folder_in(state_folder))).has_value();
}

InternalCa::InternalCa(std::string state_folder, Certificate root, PrivateKey key)
    : state_folder_(std::move(state_folder)),
      folder_(folder_in(state_folder_)),
      root_(std::move(root)),
      key_(std::move(key)),
      index_(folder_ + "/issued") {
  if (NameConstraints::are_stated_in(root_)) constraints_ = NameConstraints::of(root_);
}

base::Result<InternalCa> InternalCa::create(const std::string& state_folder, const Options& options,
                                            base::WallTime now) {
  const std::string folder = folder_in(state_folder);
  GATE_TRY(os::make_directories(folder, 0700));
  GATE_TRY_ASSIGN(const auto held, os::wait_for_lock(lock_path(folder)));
  if (exists(state_folder)) {
    return base::fail({.code = kInternalCaExists,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("there is an internal certificate authority in {} already", folder),
                       .why = "clients trust its root, and its certificates are in use",
                       .fix = "gate443 ca show   tells what it is; to begin anew, move its folder away first"});
  }
  PrivateKey key = PrivateKey::generate();
  Certificate root =
      make_root(key, {.organization = options.name, .common_name = options.name + " root"},
                options.constraints ? &*options.constraints : nullptr, {now - kBackdated, now + options.lifetime});
  // First, so that an authority is never there without it.
  GATE_TRY(os::write_file_atomically(url_path(folder), options.url + "\n", 0600));
  std::string text = key.to_pem() + root.to_pem();
  const auto written = os::write_file_atomically(authority_path(folder), text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  GATE_TRY(written);
  InternalCa ca(state_folder, std::move(root), std::move(key));
  ca.url_ = options.url;
  GATE_TRY(ca.complete(now));
  return ca;
}

base::Result<InternalCa> InternalCa::open(const std::string& state_folder, base::WallTime now) {
  const std::string folder = folder_in(state_folder);
  const std::string file = authority_path(folder);
  if (!exists(state_folder)) {
    return base::fail({.code = kNoInternalCa,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("there is no internal certificate authority in {}", folder),
                       .fix = "gate443 ca init   makes one"});
  }
  GATE_TRY(os::check_private(file, "internal authority's key"));
  GATE_TRY_ASSIGN(auto text, os::read_file(file, kFileBytesMax));
  auto loaded = load_credential({text, text, file, file}, {}, now);
  OPENSSL_cleanse(text.data(), text.size());
  if (!loaded) return base::fail(unusable(folder, loaded.error()));
  InternalCa ca(state_folder, std::move(loaded->chain.front()), std::move(loaded->key));
  GATE_TRY(ca.refresh());
  return ca;
}

base::Result<void> InternalCa::refresh() {
  GATE_TRY_ASSIGN(const std::string url, os::read_file(url_path(folder_), kFileBytesMax));
  url_ = url.substr(0, url.find('\n'));
  return index_.refresh();
}

base::Result<void> InternalCa::check(const Order& order) const {
  const bool client = order.purpose == Purpose::kClient;
  if (client != is_common_name(order.common_name) || (!client && order.names.empty())) {
    return base::fail(not_issued(
        kCannotIssue, client ? "a client's name has from 1 to 64 characters" : "a server has at least a name",
        "gate443 ca issue --help"));
  }
  for (const std::string& name : order.names) {
    if (!is_name_or_address(name)) {
      return base::fail(not_issued(kCannotIssue, fmt::format("\"{}\" is neither a DNS name nor an address", name),
                                   "give names such as app.internal, *.app.internal or 192.168.1.2"));
    }
    if (constraints_ && !constraints_->permits(name)) {
      return base::fail(not_issued(kNotPermitted, fmt::format("its root may not sign for {}", name),
                                   "gate443 ca show   tells what it may sign for; a root cannot be widened"));
    }
  }
  for (const std::string& address : order.mail_addresses) {
    if (!is_mail_address(address)) {
      return base::fail(not_issued(kCannotIssue, fmt::format("\"{}\" is no mail address", address), ""));
    }
    if (constraints_ && !constraints_->permits_mail(address)) {
      return base::fail(not_issued(kNotPermitted, fmt::format("its root may not sign for {}", address),
                                   "gate443 ca show   tells what it may sign for; a root cannot be widened"));
    }
  }
  return {};
}

base::Result<Certificate> InternalCa::issue(const Order& order, base::WallTime now) {
  GATE_TRY(check(order));
  GATE_TRY(check_root(now));
  const Validity validity{.not_before = now - kBackdated,
                          .not_after = std::min<base::WallTime>(now + order.lifetime, root_.not_after())};
  Certificate leaf = make_leaf(root_, key_,
                               {.purpose = order.purpose,
                                .common_name = order.common_name,
                                .names = order.names,
                                .mail_addresses = order.mail_addresses,
                                .public_key_info = order.public_key_info,
                                .revocation_url = url_.empty() ? std::string() : url_ + "/revoked.crl",
                                .validity = validity});
  GATE_TRY_ASSIGN(const auto held, os::wait_for_lock(lock_path(folder_)));
  GATE_TRY(index_.refresh());
  GATE_TRY(index_.drop_ended_before(now - kEndedAreKept));
  GATE_TRY(index_.add({.serial = leaf.serial(),
                       .purpose = order.purpose,
                       .from = leaf.not_before(),
                       .until = leaf.not_after(),
                       .sha256 = base::to_hex(leaf.fingerprint()),
                       .origin = order.origin,
                       .names = all_names(order)}));
  GATE_TRY(hand_to_owner());
  return leaf;
}

base::Result<void> InternalCa::revoke(const std::string& serial, RevocationReason reason, base::WallTime now) {
  GATE_TRY(check_root(now));
  GATE_TRY_ASSIGN(const auto held, os::wait_for_lock(lock_path(folder_)));
  GATE_TRY(index_.refresh());
  const IssuedRecord* record = index_.find(serial);
  if (record == nullptr) {
    return base::fail(
        {.code = kUnknownSerial,
         .side = base::Side::kConfiguration,
         .what = fmt::format("the internal certificate authority has issued nothing with the serial number "
                             "{}",
                             serial),
         .fix = "gate443 ca list   shows what it has issued"});
  }
  if (record->revocation) {
    return base::fail({.code = kAlreadyRevoked,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("the certificate {} is revoked already", serial)});
  }
  GATE_TRY(index_.revoke(serial, {.at = now, .reason = reason}));
  return publish_list(now);
}

base::Result<void> InternalCa::set_url(const std::string& url) {
  GATE_TRY_ASSIGN(const auto held, os::wait_for_lock(lock_path(folder_)));
  GATE_TRY(os::write_file_atomically(url_path(folder_), url + "\n", 0600));
  url_ = url;
  return hand_to_owner();
}

std::optional<RevocationListFacts> InternalCa::published_list() const {
  const auto der = os::read_file(list_path(), kListBytesMax);
  return der ? read_revocation_list(base::as_bytes(*der)) : std::nullopt;
}

base::Result<void> InternalCa::refresh_list(base::WallTime now) {
  GATE_TRY(check_root(now));
  GATE_TRY_ASSIGN(const auto held, os::wait_for_lock(lock_path(folder_)));
  GATE_TRY(index_.refresh());
  const auto published = published_list();
  const auto wanted = revoked(now);
  const bool complete = published && std::ranges::all_of(wanted, [&](const RevokedSerial& each) {
                          return published->serials.contains(each.serial);
                        });
  // Also one that ends too late: it was signed while the clock was set wrong.
  const bool fresh = published && published->next_update > now + kListLifetime / 2 &&
                     published->next_update <= now + kListLifetime + kBackdated;
  if (complete && fresh) return {};
  return publish_list(now);
}

// Writes what a process that was killed, or a person, may have left missing. The lock is held.
base::Result<void> InternalCa::complete(base::WallTime now) {
  GATE_TRY(os::write_file_atomically(root_path(), root_.to_pem(), 0644));
  GATE_TRY(os::make_directories(public_folder(), 0755));
  GATE_TRY(index_.refresh());
  return publish_list(now);
}

// The lock is held. The DER form comes last: while it is the old one, refresh_list() has more to do.
base::Result<void> InternalCa::publish_list(base::WallTime now) {
  const auto published = published_list();
  // RFC 5280 5.2.3: numbers increase. Those of the clock do so even when a list was lost.
  const auto by_clock =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  const std::uint64_t number = std::max(by_clock, published ? published->number + 1 : 0);
  const auto list = sign_revocation_list(
      root_, key_, number, {now - kBackdated, std::min<base::WallTime>(now + kListLifetime, root_.not_after())},
      revoked(now));
  GATE_TRY(os::write_file_atomically(list_pem_path(), revocation_list_pem(list), 0644));
  GATE_TRY(os::write_file_atomically(list_path(), list, 0644));
  return hand_to_owner();
}

// RFC 5280 3.3: "An entry MUST NOT be removed from the CRL until it appears on one regularly scheduled CRL issued
// beyond the revoked certificate's validity period."
std::vector<RevokedSerial> InternalCa::revoked(base::WallTime now) const {
  std::vector<RevokedSerial> list;
  for (const IssuedRecord& record : index_.records()) {
    if (!record.revocation || record.until + kListLifetime < now) continue;
    list.push_back({record.serial, record.revocation->at, record.revocation->reason});
  }
  return list;
}

base::Result<void> InternalCa::check_root(base::WallTime now) const {
  if (const auto valid = check_dates(root_, now, folder_); !valid) return base::fail(unusable(folder_, valid.error()));
  return {};
}

// What root has written must stay readable to the server, which runs as the owner of the state folder.
base::Result<void> InternalCa::hand_to_owner() const {
  if (::geteuid() != 0) return {};
  GATE_TRY_ASSIGN(const os::FileFacts state, os::inspect(state_folder_));
  return os::give_folder(state_folder_ + "/ca", state.owner, state.group);
}

}  // namespace gate::cert
