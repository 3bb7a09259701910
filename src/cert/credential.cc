#include "cert/credential.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cert/codes.h"

namespace gate::cert {

namespace {

constexpr std::size_t kChainMax = 10;  // longer than any real chain; ends the walk through a loop of issuers

base::Error refused(base::ErrorCode code, std::string what, std::string why, std::string fix) {
  return {.code = code,
          .side = base::Side::kConfiguration,
          .what = std::move(what),
          .why = std::move(why),
          .fix = std::move(fix)};
}

std::string date(base::WallTime time) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

base::Result<Certificate> find_leaf(const std::vector<Certificate>& all, const PrivateKey& key,
                                    const CredentialSource& source) {
  const std::string wanted = key.public_key_info();
  const auto leaf =
      std::find_if(all.begin(), all.end(), [&](const Certificate& each) { return each.public_key_info() == wanted; });
  if (leaf != all.end()) return *leaf;
  return base::fail(refused(
      kKeyDoesNotMatch,
      fmt::format("the key in {} does not belong to the certificate in {}", source.key_origin, source.chain_origin),
      fmt::format("the certificate for \"{}\" carries another public key", all.front().subject()),
      "give the key that the certificate was requested with"));
}

// Leaf first, each issued by the next; as long as the issuers are in `all`. A root at the end is included.
std::vector<Certificate> order_chain(const std::vector<Certificate>& all, Certificate leaf) {
  std::vector<Certificate> chain{std::move(leaf)};
  while (!chain.back().is_self_issued() && chain.size() < kChainMax) {
    const auto issuer =
        std::find_if(all.begin(), all.end(), [&](const Certificate& each) { return chain.back().is_signed_by(each); });
    if (issuer == all.end()) break;
    chain.push_back(*issuer);
  }
  return chain;
}

base::Result<void> check_complete(const std::vector<Certificate>& chain, std::string_view origin) {
  if (chain.size() > 1 || chain.front().is_self_issued()) return {};
  return base::fail(
      refused(kChainIncomplete, fmt::format("the certificate chain in {} is incomplete", origin),
              fmt::format("the certificate of the issuer \"{}\" is missing, so clients cannot build a path "
                          "to a root they trust",
                          chain.front().issuer()),
              "append the issuer's intermediate certificates, or use the file called fullchain"));
}

base::Result<void> check_strength(const Certificate& certificate, std::string_view origin) {
  if (!certificate.is_weakly_signed() || certificate.is_self_issued()) return {};
  return base::fail(
      refused(kWeakKey, fmt::format("the certificate in {} is signed too weakly", origin),
              fmt::format("the signature of \"{}\" is over SHA-1 or MD5, which clients refuse", certificate.subject()),
              "have it issued again"));
}

base::Result<void> check_names(const Certificate& leaf, std::span<const std::string> names, std::string_view origin) {
  const auto missing = uncovered_names(leaf, names);
  if (missing.empty()) return {};
  const std::string covered = leaf.dns_names().empty() && leaf.addresses().empty()
                                  ? std::string("no names at all")
                                  : fmt::format("only {}", fmt::join(leaf.dns_names(), ", "));
  return base::fail(refused(kNameNotCovered,
                            fmt::format("the certificate in {} does not cover {}", origin, fmt::join(missing, ", ")),
                            fmt::format("it covers {}", covered),
                            "take the names out of the site, or have a certificate issued that has them"));
}

}  // namespace

base::Result<void> check_dates(const Certificate& certificate, base::WallTime now, std::string_view origin) {
  if (now > certificate.not_after()) {
    return base::fail(
        refused(kExpired, fmt::format("the certificate in {} has expired", origin),
                fmt::format("\"{}\" was valid until {}", certificate.subject(), date(certificate.not_after())),
                "renew it; if it is valid, correct this machine's clock"));
  }
  if (now < certificate.not_before()) {
    return base::fail(
        refused(kNotYetValid, fmt::format("the certificate in {} is not valid yet", origin),
                fmt::format("\"{}\" is valid from {}", certificate.subject(), date(certificate.not_before())),
                "wait until then, or correct this machine's clock"));
  }
  return {};
}

std::vector<std::string> uncovered_names(const Certificate& leaf, std::span<const std::string> names) {
  std::vector<std::string> missing;
  std::copy_if(names.begin(), names.end(), std::back_inserter(missing),
               [&](const std::string& name) { return !leaf.covers(name); });
  return missing;
}

base::Result<Credential> read_credential(const CredentialSource& source) {
  GATE_TRY_ASSIGN(auto all, certificates_from_pem(source.chain_pem, source.chain_origin));
  GATE_TRY_ASSIGN(auto key, PrivateKey::from_pem(source.key_pem, source.key_origin));
  GATE_TRY_ASSIGN(auto leaf, find_leaf(all, key, source));
  return Credential{order_chain(all, std::move(leaf)), std::move(key)};
}

base::Result<Credential> load_credential(const CredentialSource& source, std::span<const std::string> names,
                                         base::WallTime now) {
  GATE_TRY_ASSIGN(auto credential, read_credential(source));
  auto& chain = credential.chain;
  GATE_TRY(check_complete(chain, source.chain_origin));
  if (chain.size() > 1 && chain.back().is_self_issued()) chain.pop_back();
  for (const Certificate& certificate : chain) {
    GATE_TRY(check_dates(certificate, now, source.chain_origin));
    GATE_TRY(check_strength(certificate, source.chain_origin));
  }
  GATE_TRY(check_names(chain.front(), names, source.chain_origin));
  return credential;
}

}  // namespace gate::cert
