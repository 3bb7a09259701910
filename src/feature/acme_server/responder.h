#pragma once

#include <nlohmann/json_fwd.hpp>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cert/internal_ca.h"
#include "feature/acme_server/accounts.h"
#include "feature/acme_server/desk.h"
#include "feature/acme_server/nonces.h"
#include "feature/acme_server/orders.h"
#include "feature/acme_server/problem.h"
#include "feature/acme_server/rate_limit.h"
#include "feature/acme_server/validator.h"
#include "jose/jws.h"

namespace gate::acme_server {

template <class T>
using OrProblem = std::expected<T, Problem>;

// What the responder works with.
struct ResponderContext {
  std::string state_folder;
  const base::Clock& clock;
  base::Random& random;
  std::function<void(const base::Error&)> tell;  // what is wrong with this machine, for the log
};

// The server's side of ACME (RFC 8555, RFC 9773) without any input or output of its own but the state folder: requests
// go in, answers come out. Lives in one place; accounts are on disk, orders in memory.
//
//   order     pending ──all names proved──▶ ready ──request signed──▶ valid
//               └──one is not──▶ invalid
class Responder {
 public:
  // Both outlive it.
  Responder(ResponderContext context, Validator& validator);

  Reply answer(const Question& question);

 private:
  // A request whose signature is good.
  struct Signed {
    const Question& question;
    std::string payload;               // empty: it only asks (POST-as-GET)
    const Account* account = nullptr;  // null where the key has none
    std::string key;                   // JSON Web Key that signed
    std::string thumbprint;
  };
  enum class Signer : std::uint8_t { kAccount, kKey, kEither };
  using Answered = OrProblem<Reply>;

  Answered route(const Question& question);
  Answered route_signed(const Question& question);
  Answered route_resource(const Signed& request);
  OrProblem<Signed> check(const Question& question, Signer signer);
  OrProblem<jose::Jws> check_message(const Question& question);

  Reply directory(const Question& question) const;
  Reply refusal(const Problem& problem) const;
  void add_common_fields(const Question& question, Reply& reply);

  // Accounts.
  Answered new_account(const Signed& request);
  OrProblem<std::string> external_account(const Signed& request, const nlohmann::json& payload) const;
  Answered account(const Signed& request, std::string_view id);
  Answered orders_of_account(const Signed& request, std::string_view id);
  Answered change_key(const Signed& request);
  Answered save(Account account, Reply reply);
  Reply account_reply(const Question& question, const Account& account, std::uint16_t status) const;

  // Orders.
  Answered new_order(const Signed& request);
  OrProblem<std::vector<std::string>> names_in(const Signed& request, const nlohmann::json& payload);
  OrProblem<std::string> replaced(const Signed& request, const nlohmann::json& payload);
  Answered order(const Signed& request, std::string_view id);
  Answered authorization(const Signed& request, std::string_view id);
  Answered challenge(const Signed& request, std::string_view id, std::string_view type);
  void validated(const std::string& authorization, ChallengeType type, const std::optional<Problem>& problem);
  Answered finalize(const Signed& request, std::string_view id);
  Answered certificate(const Signed& request, std::string_view id);
  Order* own_order(const Signed& request, std::string_view id);
  Reply order_reply(const Question& question, const Order& order, std::uint16_t status) const;

  // Certificates.
  Answered revoke(const Signed& request);
  Answered renewal_info(std::string_view id);

  // The internal authority as it is on disk now.
  OrProblem<cert::InternalCa*> authority();
  Problem internal(const base::Error& error) const;

  ResponderContext context_;
  Validator& validator_;
  std::optional<cert::InternalCa> authority_;
  Accounts accounts_;
  Orders orders_;
  Nonces nonces_;
  RateLimit accounts_of_address_{20};
  RateLimit orders_of_account_{300};
  std::set<std::string, std::less<>> replaced_;  // serial numbers that an order replaces
};

// What several requests share.
Reply json_reply(std::uint16_t status, const nlohmann::json& body);
std::unexpected<Problem> problem(ProblemType type, std::string detail);
OrProblem<nlohmann::json> object_in(const std::string& payload);

}  // namespace gate::acme_server
