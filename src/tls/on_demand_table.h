#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/generations.h"
#include "cert/credential.h"

struct crypto_buffer_pool_st;

namespace gate::tls {

struct HeldCredential;

// How it stands with a name that has no certificate.
enum class NameStanding : std::uint8_t {
  kAsked,    // one is being got, and handshakes may wait for it
  kLate,     // one is being got, and they have waited long enough
  kRefused,  // it may not have one
  kFailed,   // none could be had
  kBusy,     // too many new names: nobody was asked
};

// Who gets certificates for names. Called on a worker's thread from within a handshake, and returns at once; the table
// is told later.
class NameAsker {
 public:
  virtual void ask(const std::string& name) = 0;

 protected:
  ~NameAsker() = default;
};

// The certificates that one worker has for names that no configuration lists, and what it knows of names that have
// none: so that a flood of them costs a look-up each. Names are in lower case, without a dot at the end.
class OnDemandTable {
 public:
  // Names that are being got at once: beyond, a flood would fill the memory of whoever gets them.
  static constexpr std::size_t kAskedMax = 256;
  // Names remembered to have none.
  static constexpr std::size_t kRefusedMax = 4096;

  // Both outlive it.
  OnDemandTable(NameAsker& asker, const base::Clock& clock);
  ~OnDemandTable();
  OnDemandTable(const OnDemandTable&) = delete;
  OnDemandTable& operator=(const OnDemandTable&) = delete;

  // Null: there is none. Valid until the name is served or forgotten.
  const HeldCredential* find(std::string_view name);

  // How it stands with a name that has none. The first time somebody is asked for it.
  NameStanding seek(const std::string& name);

  // What came of it. A certificate takes the place of the one before.
  void serve(const std::string& name, const cert::Credential& credential);
  void note(const std::string& name, NameStanding standing, base::Instant until);
  void forget(std::string_view name);

  // Nobody is asked for new names until then.
  void pause(base::Instant until) { paused_until_ = until; }

  // What was refused may be allowed now.
  void forget_refusals();

  // The names that handshakes have asked for since the last call, of those that are served.
  std::vector<std::string> take_used();

  std::size_t size() const { return served_.size(); }

  void use_key_log(bool on);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class Value>
  using ByName = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
  struct Served {
    std::unique_ptr<HeldCredential> credential;
    bool used = false;
  };
  struct Refusal {
    NameStanding standing;
    base::Instant until;
  };
  struct FreePool {
    void operator()(crypto_buffer_pool_st* pool) const;
  };

  NameAsker& asker_;
  const base::Clock& clock_;
  // One copy of an intermediate, however many names have it. Outlives the contexts that hold certificates.
  std::unique_ptr<crypto_buffer_pool_st, FreePool> certificates_;
  ByName<Served> served_;
  ByName<NameStanding> asked_;
  base::Generations<Refusal> refusals_{kRefusedMax};
  base::Instant paused_until_{};
  bool with_key_log_ = false;
};

}  // namespace gate::tls
