#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"

struct x509_store_st;

namespace gate::cert {

// A set of root certificates to judge chains by. Immutable after creation; may be used by several workers.
class Roots {
 public:
  // Exactly these roots.
  static Roots of(std::span<const Certificate> roots);

  // The roots the system trusts, read from its usual bundle files.
  static base::Result<Roots> system();

  x509_store_st* native() const { return store_.get(); }

 private:
  struct Free {
    void operator()(x509_store_st* store) const;
  };
  explicit Roots(x509_store_st* store) : store_(store) {}
  std::unique_ptr<x509_store_st, Free> store_;
};

// Whether `chain` (DER, leaf first) leads to one of `roots` for a server called `name` (DNS name or address) at `now`,
// by RFC 5280 6; the error says what is wrong in words.
base::Result<void> verify_server_chain(const Roots& roots, std::span<const base::ByteView> chain, std::string_view name,
                                       base::WallTime now);

}  // namespace gate::cert
