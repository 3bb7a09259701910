#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acme/account.h"
#include "acme/external_binding.h"
#include "acme/failure.h"
#include "acme/messages.h"
#include "acme/request.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "cert/verify.h"
#include "client/context.h"

namespace gate::acme {

struct AuthoritySettings {
  std::string directory;                       // URL
  std::shared_ptr<const cert::Roots> roots{};  // who vouches for the authority's own server
  std::string folder{};                        // where the account is kept
  std::vector<std::string> contacts{};         // "mailto:ops@example.com"
  std::optional<ExternalBinding> binding{};
  std::chrono::milliseconds request_deadline{30'000};
};

class Authority;

// Waits until an authority can be asked. Destroying it gives up.
class AuthorityWaiter : private base::ListNode<AuthorityWaiter> {
 public:
  virtual ~AuthorityWaiter() = default;

 protected:
  // Called once after Authority::open(), never from within that.
  virtual void opened(const Outcome<>& outcome) = 0;

 private:
  friend class Authority;
  friend class base::IntrusiveList<AuthorityWaiter>;
};

// One certificate authority: what it offers, and our account there, which is made when first needed. Control thread.
class Authority final : private loop::TurnEnd {
 public:
  // RFC 8555 7.1.1: the directory is read again from time to time, for its URLs may change.
  static constexpr std::chrono::hours kDirectoryLife{1};

  // `context` outlives it.
  Authority(client::Context& context, AuthoritySettings settings);
  ~Authority() override;
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // Sees that directory and account are there.
  void open(AuthorityWaiter& waiter);

  const AuthoritySettings& settings() const { return settings_; }
  // "acme-v02.api.letsencrypt.org".
  const std::string& host() const { return host_; }
  loop::Loop& loop() const { return channel_.context.loop(); }

  // What it offers. Where the account is what kept it from being opened, the directory is there all the same; else its
  // URLs are empty.
  const Directory& directory() const { return directory_; }
  // Once it was opened:
  const Account& account() const { return *account_; }
  Channel& channel() { return channel_; }
  Signer signer() const { return {account_->key, account_->url}; }

  // The authority does not know the account that it once made: it is to be made again when it is opened next.
  void forget_account();

  // The account's files have changed: they are read when it is opened next. Nobody may be signing by it.
  void reload_account() { account_.reset(); }

  // Who has opened it changes the account: nobody else finds it open until it is released.
  void hold() { held_ = true; }
  void release();

 private:
  void on_turn_end() override;
  void begin();
  void proceed();
  void fetch_directory();
  void find_key();
  void register_account();
  void update_contacts();
  base::Result<std::string> registration() const;
  Failure explained(Failure failure) const;
  void conclude(Outcome<> outcome);

  const AuthoritySettings settings_;
  std::string host_;
  Channel channel_;
  std::optional<client::PoolUse> connections_;
  Request request_;
  Directory directory_;
  std::optional<base::Instant> directory_read_;
  std::optional<Account> account_;
  base::IntrusiveList<AuthorityWaiter> waiters_;
  bool under_way_ = false;
  bool held_ = false;
};

}  // namespace gate::acme
