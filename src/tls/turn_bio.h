#pragma once

#include <openssl/bio.h>

#include "tls/engine.h"
#include "tls/facts.h"

namespace gate::tls {

// The bytes of the engine call in progress.
struct Turn {
  Io& io;
  Facts& facts;  // counts the bytes
};

// The transport that the library reads from and writes to. It belongs to a context and is shared by all its
// connections: whoever calls into the library sets its turn first. So a connection owns no transport at all.
class TurnBio {
 public:
  TurnBio();
  TurnBio(const TurnBio&) = delete;
  TurnBio& operator=(const TurnBio&) = delete;

  // A reference more for a connection to own.
  BIO* share() const;

  // `turn` lives until the next call.
  void begin(Turn* turn) const { BIO_set_data(bio_.get(), turn); }

 private:
  struct FreeMethod {
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
  };
  std::unique_ptr<BIO_METHOD, FreeMethod> method_;
  bssl::UniquePtr<BIO> bio_;
};

}  // namespace gate::tls
