#pragma once

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/mem.h>
#include <openssl/x509.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cert/authority_for_test.h"
#include "client/scripted_server_for_test.h"
#include "jose/base64url.h"
#include "jose/jws.h"

namespace gate::acme::for_test {

// An authority that believes everything, on the test's own loop; what the test wants otherwise it says by `overrule`.
// Each request must be signed with a nonce that was given out and not used.
class FakeAuthority {
 public:
  using Server = client::ScriptedServer;
  using Json = nlohmann::json;
  // The whole answer to a request for this target in place of the usual one; nothing: the usual one.
  using Overrule = std::function<std::optional<std::string>(const std::string& target, const Json& payload)>;

  explicit FakeAuthority(loop::Loop& loop)
      : loop_(loop),
        root_(cert::for_test::root("Fake Root", loop.wall() - std::chrono::hours(1))),
        server_(loop, [this](const std::string& request) { return answer(request); }) {}

  std::string url(std::string_view target) const { return server_.url(target); }
  std::size_t count(std::string_view target) const {
    const auto found = counts_.find(target);
    return found == counts_.end() ? 0 : found->second;
  }
  std::string nonce() {
    const std::string made = fmt::format("nonce-{}", ++nonces_made_);
    nonces_.insert(made);
    return made;
  }
  std::string reply(std::string_view status, const Json& body, std::string fields = {}) {
    fields += fmt::format("Replay-Nonce: {}\r\nContent-Type: application/json\r\n", nonce());
    return Server::response(status, fields, body.dump());
  }
  std::string problem(std::string_view status, std::string_view type, std::string_view detail,
                      std::string fields = {}) {
    fields += fmt::format("Replay-Nonce: {}\r\nContent-Type: application/problem+json\r\n", nonce());
    const Json body{{"type", fmt::format("urn:ietf:params:acme:error:{}", type)}, {"detail", detail}};
    return Server::response(status, fields, body.dump());
  }

  // RFC 8555 7.3.5: the payload is a message itself, signed by the new key.
  std::string change_key(const Json& payload) {
    const auto inner = jose::Jws::parse(payload.dump());
    EXPECT_TRUE(inner) << payload.dump();
    const auto key = jose::PublicKey::from_jwk(inner->header.jwk);
    EXPECT_TRUE(key && inner->verify(*key));
    EXPECT_EQ(inner->header.url, url("/key-change"));
    EXPECT_EQ(Json::parse(inner->payload),
              (Json{{"account", url("/account/1")}, {"oldKey", Json::parse(account_key_)}}));
    account_key_ = inner->header.jwk;
    return reply("200 OK", {{"status", "valid"}});
  }

  Overrule overrule;
  Json directory_meta = Json::object();
  bool directory_renewal_info = false;  // answered by `overrule`
  std::string authorization_status = "pending";
  std::string authorization_after = "valid";  // the challenge was answered
  Json challenge_error;
  std::string order_after = "valid";  // it was finalized
  Json new_order;                     // as it came last
  Json new_account;
  Json revocation;
  std::string last_key_id;
  int bad_nonces = 0;  // to come

 private:
  std::string answer(const std::string& request) {
    const auto target_begin = request.find(' ') + 1;
    const std::string target = request.substr(target_begin, request.find(' ', target_begin) - target_begin);
    ++counts_[target];
    if (request.starts_with("HEAD")) {
      return fmt::format("HTTP/1.1 200 OK\r\nReplay-Nonce: {}\r\nContent-Length: 0\r\n\r\n", nonce());
    }
    Json payload;
    if (request.starts_with("POST")) {
      const auto jws = jose::Jws::parse(request.substr(request.find("\r\n\r\n") + 4));
      EXPECT_TRUE(jws) << request;
      if (!jws) return problem("400 Bad Request", "malformed", "no JWS");
      EXPECT_EQ(jws->header.url, url(target));
      if (nonces_.erase(jws->header.nonce) == 0 || bad_nonces > 0) {
        --bad_nonces;
        return problem("400 Bad Request", "badNonce", "used already");
      }
      check_signature(*jws, target);
      payload = Json::parse(jws->payload.empty() ? "null" : jws->payload);
    }
    if (overrule) {
      if (auto own = overrule(target, payload)) return *own;
    }
    return usual(target, payload);
  }

  void check_signature(const jose::Jws& jws, const std::string& target) {
    last_key_id = jws.header.key_id;
    sent_key_ = jws.header.jwk;
    EXPECT_TRUE(target == "/revoke" || jws.header.jwk.empty() == (target != "/account")) << target;
    const auto key = jose::PublicKey::from_jwk(jws.header.jwk.empty() ? account_key_ : jws.header.jwk);
    EXPECT_TRUE(key && jws.verify(*key)) << target;
  }

  // By the key that the request came with.
  std::string find_account() {
    if (sent_key_ != account_key_) return problem("400 Bad Request", "accountDoesNotExist", "none with that key");
    return reply("200 OK", {{"status", "valid"}}, fmt::format("Location: {}\r\n", url("/account/1")));
  }

  std::string usual(const std::string& target, const Json& payload) {
    if (target == "/dir") {
      Json directory{{"newNonce", url("/nonce")},    {"newAccount", url("/account")},   {"newOrder", url("/order")},
                     {"revokeCert", url("/revoke")}, {"keyChange", url("/key-change")}, {"meta", directory_meta}};
      if (directory_renewal_info) directory["renewalInfo"] = url("/renewal-info");
      return reply("200 OK", directory);
    }
    if (target == "/account") {
      if (payload.value("onlyReturnExisting", false)) return find_account();
      new_account = payload;
      account_key_ = sent_key_;
      return reply("201 Created", {{"status", "valid"}}, fmt::format("Location: {}\r\n", url("/account/1")));
    }
    if (target == "/account/1") return reply("200 OK", {{"status", "valid"}});
    if (target == "/revoke") {
      revocation = payload;
      return Server::response("200 OK", fmt::format("Replay-Nonce: {}\r\n", nonce()), "");
    }
    if (target == "/key-change") return change_key(payload);
    if (target == "/order") return begin_order(payload);
    if (target == "/order/1") return reply("200 OK", order());
    if (target == "/finalize") return finalize(payload);
    if (target == "/certificate") return certificate();
    if (target.starts_with("/authorization/")) return reply("200 OK", authorization(index_of(target)));
    if (target.starts_with("/challenge/")) {
      answered_.insert(index_of(target));
      return reply("200 OK", {{"status", "processing"}});
    }
    return Server::response("404 Not Found", "", "");
  }

  static std::size_t index_of(const std::string& target) {
    return base::parse_number<std::size_t>(target.substr(target.rfind('/') + 1)).value();
  }

  std::string begin_order(const Json& payload) {
    new_order = payload;
    names_.clear();
    answered_.clear();
    chain_.clear();
    for (const auto& each : payload.at("identifiers")) names_.push_back(each.at("value"));
    return reply("201 Created", order(), fmt::format("Location: {}\r\n", url("/order/1")));
  }

  bool all_proven() const { return authorization_status == "valid" || answered_.size() == names_.size(); }

  Json order() const {
    Json urls = Json::array();
    for (std::size_t i = 0; i < names_.size(); ++i) urls.push_back(url(fmt::format("/authorization/{}", i)));
    Json made{{"status", !chain_.empty() ? order_after
                         : all_proven()  ? "ready"
                                         : "pending"},
              {"authorizations", urls},
              {"finalize", url("/finalize")}};
    if (made["status"] == "valid") made["certificate"] = url("/certificate");
    return made;
  }

  Json authorization(std::size_t index) const {
    const bool is_answered = answered_.contains(index);
    Json challenge{{"type", "http-01"},
                   {"url", url(fmt::format("/challenge/{}", index))},
                   {"status", "pending"},
                   {"token", fmt::format("token-{}", index)}};
    if (is_answered && !challenge_error.is_null()) challenge["error"] = challenge_error;
    std::string name = names_.at(index);
    const bool is_wildcard = name.starts_with("*.");
    if (is_wildcard) {
      name.erase(0, 2);
      challenge["type"] = "dns-01";
    }
    return {{"status", is_answered ? authorization_after : authorization_status},
            {"identifier", {{"type", "dns"}, {"value", name}}},
            {"wildcard", is_wildcard},
            {"challenges", Json::array({challenge})}};
  }

  // For the key of the request, whose names must be those of the order.
  std::string finalize(const Json& payload) {
    const auto der = jose::from_base64url(payload.at("csr").get<std::string>());
    const auto* data = reinterpret_cast<const std::uint8_t*>(der.value().data());
    const bssl::UniquePtr<X509_REQ> request(d2i_X509_REQ(nullptr, &data, static_cast<long>(der->size())));
    const bssl::UniquePtr<EVP_PKEY> key(X509_REQ_get_pubkey(request.get()));
    EXPECT_EQ(X509_REQ_verify(request.get(), key.get()), 1);
    chain_ = cert::for_test::leaf_for(root_, key.get(), names_, loop_.wall() - std::chrono::minutes(5)).to_pem() +
             root_.leaf().to_pem();
    return reply("200 OK", order());
  }

  std::string certificate() {
    return Server::response(
        "200 OK", fmt::format("Replay-Nonce: {}\r\nContent-Type: application/pem-certificate-chain\r\n", nonce()),
        chain_);
  }

  loop::Loop& loop_;
  cert::Credential root_;
  std::map<std::string, std::size_t, std::less<>> counts_;
  std::set<std::string> nonces_;
  std::size_t nonces_made_ = 0;
  std::string account_key_;
  std::string sent_key_;
  std::vector<std::string> names_;
  std::set<std::size_t> answered_;
  std::string chain_;
  Server server_;
};

}  // namespace gate::acme::for_test
