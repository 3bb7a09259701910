#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "cert/private_key.h"

namespace gate::cert {

// One X.509 certificate (RFC 5280): its DER and what the program needs to know of it. An immutable value.
class Certificate {
 public:
  static base::Result<Certificate> from_der(base::ByteView der, std::string_view origin);

  base::ByteView der() const { return der_; }
  std::string to_pem() const;

  // Subject alternative names. The common name is never read as a name (RFC 9525 1.2).
  const std::vector<std::string>& dns_names() const { return dns_names_; }
  const std::vector<base::IpAddress>& addresses() const { return addresses_; }

  const std::string& subject() const { return subject_; }  // "CN=example.com, O=Example"
  const std::string& issuer() const { return issuer_; }
  const std::string& serial() const { return serial_; }  // lower-case hexadecimal
  base::WallTime not_before() const { return not_before_; }
  base::WallTime not_after() const { return not_after_; }
  KeyType key_type() const { return key_type_; }
  unsigned key_bits() const { return key_bits_; }
  // "ECDSA P-256", "RSA 2048".
  std::string key_text() const;
  bool is_ca() const { return is_ca_; }
  bool is_self_issued() const { return subject_der_ == issuer_der_; }

  // Signed over a SHA-1 or MD5 digest, which clients no longer accept.
  bool is_weakly_signed() const { return is_weakly_signed_; }

  // Whether `other` names this certificate as its issuer.
  bool has_issued(const Certificate& other) const { return subject_der_ == other.issuer_der_; }

  // Whether `issuer` is named as the issuer and its key made the signature.
  bool is_signed_by(const Certificate& issuer) const;

  // SHA-256 over the DER.
  const std::array<std::byte, 32>& fingerprint() const { return fingerprint_; }

  // DER SubjectPublicKeyInfo, to compare with PrivateKey::public_key_info().
  const std::string& public_key_info() const { return public_key_info_; }

  // Whether it is valid for `name`: a DNS name, compared by RFC 9525 6.3 (a wildcard stands for exactly one
  // left-most label), or an IP address, compared with the address names only. The name may itself be a wildcard
  // "*.example.com", which only the same wildcard covers.
  bool covers(std::string_view name) const;

 private:
  std::vector<std::byte> der_;
  std::vector<std::string> dns_names_;
  std::vector<base::IpAddress> addresses_;
  std::string subject_;
  std::string issuer_;
  std::string subject_der_;
  std::string issuer_der_;
  std::string serial_;
  std::string public_key_info_;
  base::WallTime not_before_;
  base::WallTime not_after_;
  std::array<std::byte, 32> fingerprint_{};
  KeyType key_type_ = KeyType::kOther;
  unsigned key_bits_ = 0;
  bool is_ca_ = false;
  bool is_weakly_signed_ = false;

  friend class CertificateReader;
};

// Every certificate of a PEM text, in the text's order. Text between the blocks is skipped (RFC 7468 5.2).
base::Result<std::vector<Certificate>> certificates_from_pem(std::string_view pem, std::string_view origin);

// RFC 9525 6.3: whether the presented identifier `pattern` matches `name`. Both are compared without case.
bool matches_dns_name(std::string_view pattern, std::string_view name);

}  // namespace gate::cert
