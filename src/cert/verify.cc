#include "cert/verify.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>

#include "base/check.h"
#include "base/ip.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

base::Error distrusted(std::string_view name, std::string why, std::string fix) {
  return {.code = kNotTrusted,
          .side = base::Side::kUpstream,
          .what = fmt::format("the certificate of {} is not trusted", name),
          .why = std::move(why),
          .fix = std::move(fix)};
}

bool expect_name(X509_VERIFY_PARAM* parameters, std::string_view name) {
  const auto address = base::IpAddress::parse(name);
  if (!address) {
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1;
  }
  const auto octets = address->is_v4() ? address->octets().last(4) : std::span<const std::uint8_t>(address->octets());
  return X509_VERIFY_PARAM_set1_ip(parameters, octets.data(), octets.size()) == 1;
}

}  // namespace

void Roots::Free::operator()(x509_store_st* store) const { X509_STORE_free(store); }

Roots Roots::of(std::span<const Certificate> roots) {
  Roots set(X509_STORE_new());
  GATE_CHECK(set.store_ != nullptr);
  for (const Certificate& root : roots) {
    const auto x509 = x509_of(root.der());
    GATE_CHECK(x509 != nullptr && X509_STORE_add_cert(set.native(), x509.get()));
  }
  return set;
}

base::Result<Roots> Roots::system() {
  // Debian and Arch; Fedora; openSUSE; Alpine and macOS.
  constexpr std::array kBundles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                   "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
  Roots set(X509_STORE_new());
  GATE_CHECK(set.store_ != nullptr);
  for (const char* bundle : kBundles) {
    if (X509_STORE_load_locations(set.native(), bundle, nullptr) == 1) return set;
    ERR_clear_error();
  }
  return base::fail({.code = kNotTrusted,
                     .side = base::Side::kSystem,
                     .what = "cannot find the roots that this system trusts",
                     .why = fmt::format("{} and its like do not exist", kBundles.front()),
                     .fix = "install the package ca-certificates"});
}

base::Result<void> verify_server_chain(const Roots& roots, std::span<const base::ByteView> chain, std::string_view name,
                                       base::WallTime now) {
  bssl::UniquePtr<STACK_OF(X509)> others(sk_X509_new_null());
  bssl::UniquePtr<X509> leaf = chain.empty() ? nullptr : x509_of(chain.front());
  for (const auto der : chain.subspan(chain.empty() ? 0 : 1)) {
    bssl::UniquePtr<X509> certificate = x509_of(der);
    if (certificate == nullptr) return base::fail(distrusted(name, last_library_reason(), ""));
    GATE_CHECK(bssl::PushToStack(others.get(), std::move(certificate)));
  }
  if (leaf == nullptr) return base::fail(distrusted(name, "no readable certificate was sent", ""));

  bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  GATE_CHECK(context && X509_STORE_CTX_init(context.get(), roots.native(), leaf.get(), others.get()));
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  GATE_CHECK(X509_STORE_CTX_set_default(context.get(), "ssl_server"));
  X509_VERIFY_PARAM_set_time_posix(parameters,
                                   std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  if (!expect_name(parameters, name)) return base::fail(distrusted(name, "the name is not valid", ""));
  if (X509_verify_cert(context.get()) == 1) return {};
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return base::fail(distrusted(name, X509_verify_cert_error_string(error), ""));
}

}  // namespace gate::cert
