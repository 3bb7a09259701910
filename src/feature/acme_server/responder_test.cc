#include "feature/acme_server/responder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "cert/certificate.h"
#include "cert/request_for_test.h"
#include "jose/base64url.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"

namespace gate::acme_server {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class HandClock final : public base::Clock {
 public:
  base::Instant now() const override { return base::Instant(elapsed); }
  base::WallTime wall() const override { return base::WallTime(std::chrono::seconds(1'800'000'000)) + elapsed; }
  std::chrono::seconds elapsed{0};
};

// Keeps what it was to look at, for the test to say what was there.
class FakeValidator final : public Validator {
 public:
  void validate(Proof proof, Done done) override {
    proofs.push_back(std::move(proof));
    waiting.push_back(std::move(done));
  }
  void say(std::optional<Problem> problem) {
    auto done = std::move(waiting.front());
    waiting.erase(waiting.begin());
    done(std::move(problem));
  }
  std::vector<Proof> proofs;
  std::vector<Done> waiting;
};

const std::string kBase = "https://pki.example.internal/acme";

class ResponderTest : public testing::Test {
 protected:
  ResponderTest() {
    cert::NameConstraints constraints = cert::NameConstraints::local();
    GATE_CHECK(
        cert::InternalCa::create(state(), {.name = "CA", .constraints = constraints}, clock_.wall()).has_value());
    start();
  }

  void start() {
    responder_.emplace(ResponderContext{.state_folder = state(),
                                        .clock = clock_,
                                        .random = random_,
                                        .tell = [this](const base::Error& error) { told_.push_back(error.what); }},
                       validator_);
  }

  std::string state() const { return temporary_.path("state"); }

  Reply get(const std::string& path, const std::string& method = "GET") {
    return responder_->answer({.statement = statement(),
                               .method = method,
                               .base = kBase,
                               .path = path,
                               .content_type = {},
                               .body = {},
                               .client = {}});
  }
  Reply post_text(const std::string& path, const std::string& body, const std::string& type = "application/jose+json") {
    return responder_->answer({.statement = statement(),
                               .method = "POST",
                               .base = kBase,
                               .path = path,
                               .content_type = type,
                               .body = body,
                               .client = *base::IpAddress::parse(address_)});
  }
  std::string nonce() { return field(get("/new-nonce", "HEAD"), "replay-nonce"); }

  // As the account, or by the key itself while there is none.
  Reply post(const std::string& path, const json& payload) { return post_payload(path, payload.dump()); }
  Reply post_payload(const std::string& path, const std::string& payload) {
    jose::JwsHeader header{.url = kBase + path, .nonce = nonce(), .key_id = {}, .jwk = {}};
    (account_.empty() ? header.jwk : header.key_id) = account_.empty() ? jwk() : account_;
    return post_text(path, jose::sign(key_, header, payload).value());
  }
  Reply look(const std::string& url) { return post_payload(url.substr(kBase.size()), ""); }

  std::string jwk() const { return jose::PublicKey::of(key_)->to_jwk(); }
  std::string thumbprint() const { return jose::PublicKey::of(key_)->thumbprint(); }

  Reply register_account(json payload = {{"contact", {"mailto:ann@example.internal"}}}) {
    account_.clear();
    Reply reply = post("/new-account", payload);
    account_ = field(reply, "location");
    return reply;
  }

  static json dns(const std::string& name) { return {{"type", "dns"}, {"value", name}}; }

  // An order for `names` of which all are proved.
  json proved_order(const std::vector<std::string>& names) {
    auto identifiers = json::array();
    for (const auto& name : names) {
      identifiers.push_back({{"type", base::IpAddress::parse(name) ? "ip" : "dns"}, {"value", name}});
    }
    const Reply reply = post("/new-order", {{"identifiers", identifiers}});
    GATE_CHECK(reply.status == 201);
    const json order = json::parse(reply.body);
    for (const auto& url : order["authorizations"]) {
      const json authorization = body(look(url));
      GATE_CHECK(post(path(authorization["challenges"][0]["url"]), json::object()).status == 200);
      validator_.say(std::nullopt);
    }
    json ready = order;
    ready["url"] = field(reply, "location");
    return ready;
  }

  json finalized(const json& order, const std::vector<std::string>& names, const cert::PrivateKey& key) {
    return body(post(path(order["finalize"]),
                     {{"csr", jose::to_base64url(base::as_bytes(cert::for_test::request(key, names)))}}));
  }

  // The certificate for the names, as the client gets it.
  cert::Certificate issued(const std::vector<std::string>& names, const cert::PrivateKey& key) {
    const json order = finalized(proved_order(names), names, key);
    const Reply reply = look(order["certificate"]);
    auto chain = cert::certificates_from_pem(reply.body, "test");
    GATE_CHECK(chain.has_value());
    return std::move(chain->front());
  }

  static std::string certificate_id(const cert::Certificate& leaf) {
    std::string padded = leaf.serial().size() % 2 == 0 ? leaf.serial() : "0" + leaf.serial();
    std::vector<std::byte> serial;
    for (std::size_t i = 0; i < padded.size(); i += 2) {
      serial.push_back(std::byte(*base::parse_number<unsigned char>(padded.substr(i, 2), 16)));
    }
    return "AAAA." + jose::to_base64url(serial);
  }

  static std::string path(const json& url) { return url.get<std::string>().substr(kBase.size()); }
  static json body(const Reply& reply) { return json::parse(reply.body); }
  static std::string problem_of(const Reply& reply) {
    const std::string type = body(reply).value("type", "");
    return type.substr(type.rfind(':') + 1);
  }
  static std::string field(const Reply& reply, std::string_view name) {
    for (const auto& [each, value] : reply.fields) {
      if (each == name) return value;
    }
    return {};
  }

  Statement statement() const { return std::make_shared<const AcmeServerSettings>(settings_); }

  os::TemporaryFolder temporary_;
  HandClock clock_;
  os::SystemRandom random_;
  FakeValidator validator_;
  AcmeServerSettings settings_;
  std::optional<Responder> responder_;
  std::vector<std::string> told_;
  cert::PrivateKey key_ = cert::PrivateKey::generate();
  std::string account_;
  std::string address_ = "192.168.1.7";
};

TEST_F(ResponderTest, gives_a_certificate_for_names_that_were_proved) {
  EXPECT_EQ(register_account().status, 201);
  const auto key = cert::PrivateKey::generate();
  const json order = finalized(proved_order({"nas.home.arpa", "192.168.1.2"}), {"nas.home.arpa", "192.168.1.2"}, key);
  EXPECT_EQ(order["status"], "valid");
  const Reply reply = look(order["certificate"]);
  EXPECT_EQ(field(reply, "content-type"), "application/pem-certificate-chain");
  const auto chain = cert::certificates_from_pem(reply.body, "test");
  ASSERT_TRUE(chain.has_value());
  ASSERT_EQ(chain->size(), 2U);
  const auto& leaf = chain->front();
  EXPECT_TRUE(leaf.is_signed_by(chain->back()));
  EXPECT_TRUE(leaf.covers("nas.home.arpa") && leaf.covers("192.168.1.2"));
  EXPECT_EQ(leaf.public_key_info(), key.public_key_info());
  EXPECT_EQ(leaf.not_after(), clock_.wall() + settings_.lifetime);
  const auto ca = cert::InternalCa::open(state(), clock_.wall());
  ASSERT_NE(ca->find(leaf.serial()), nullptr);
  EXPECT_EQ(ca->find(leaf.serial())->origin, "acme:" + account_.substr(account_.rfind('/') + 1));
}

TEST_F(ResponderTest, looks_for_the_token_with_the_thumbprint_of_the_account) {
  register_account();
  proved_order({"nas.home.arpa"});
  ASSERT_EQ(validator_.proofs.size(), 1U);
  EXPECT_EQ(validator_.proofs[0].name, "nas.home.arpa");
  EXPECT_EQ(validator_.proofs[0].key_authorization, validator_.proofs[0].token + "." + thumbprint());
}

TEST_F(ResponderTest, gives_none_for_names_that_were_not_proved) {
  register_account();
  const json order = body(post("/new-order", {{"identifiers", {dns("a.home.arpa"), dns("b.home.arpa")}}}));
  const auto key = cert::PrivateKey::generate();
  EXPECT_EQ(finalized(order, {"a.home.arpa", "b.home.arpa"}, key)["type"], "urn:ietf:params:acme:error:orderNotReady");
  const json authorization = body(look(order["authorizations"][0]));
  post(path(authorization["challenges"][0]["url"]), json::object());
  validator_.say(Problem{ProblemType::kConnection, "nobody is there"});
  const json after = body(look(order["authorizations"][0]));
  EXPECT_EQ(after["status"], "invalid");
  EXPECT_EQ(after["challenges"][0]["error"]["type"], "urn:ietf:params:acme:error:connection");
  EXPECT_EQ(finalized(order, {"a.home.arpa", "b.home.arpa"}, key)["type"], "urn:ietf:params:acme:error:orderNotReady");
}

TEST_F(ResponderTest, looks_once_however_often_it_is_told_to) {
  register_account();
  const json order = body(post("/new-order", {{"identifiers", {dns("a.home.arpa")}}}));
  const json authorization = body(look(order["authorizations"][0]));
  const std::string challenge = path(authorization["challenges"][0]["url"]);
  EXPECT_EQ(body(post_payload(challenge, ""))["status"], "pending");
  EXPECT_TRUE(validator_.proofs.empty());
  EXPECT_EQ(body(post(challenge, json::object()))["status"], "processing");
  post(challenge, json::object());
  EXPECT_EQ(validator_.proofs.size(), 1U);
}

TEST_F(ResponderTest, proves_wildcards_by_dns_and_addresses_never_by_it) {
  register_account();
  const json order =
      body(post("/new-order", {{"identifiers", {dns("*.home.arpa"), {{"type", "ip"}, {"value", "10.0.0.1"}}}}}));
  for (const auto& url : order["authorizations"]) {
    const json authorization = body(look(url));
    std::vector<std::string> types;
    for (const auto& challenge : authorization["challenges"]) types.push_back(challenge["type"]);
    if (authorization.contains("wildcard")) {
      EXPECT_EQ(authorization["identifier"]["value"], "home.arpa");
      EXPECT_EQ(types, std::vector<std::string>{"dns-01"});
    } else {
      EXPECT_EQ(types, (std::vector<std::string>{"http-01", "tls-alpn-01"}));
    }
  }
}

TEST_F(ResponderTest, refuses_names_it_may_not_or_shall_not_sign_for) {
  register_account();
  EXPECT_EQ(problem_of(post("/new-order", {{"identifiers", {dns("www.example.com")}}})), "rejectedIdentifier");
  settings_.names.permit_domain_or_block("home.arpa");
  EXPECT_EQ(post("/new-order", {{"identifiers", {dns("nas.home.arpa")}}}).status, 201);
  EXPECT_EQ(problem_of(post("/new-order", {{"identifiers", {dns("nas.internal")}}})), "rejectedIdentifier");
}

TEST_F(ResponderTest, refuses_orders_that_name_nothing) {
  register_account();
  for (const json& identifiers : {json::array(), json("a.home.arpa"), json{dns("a b")}, json{dns("10.0.0.1")}, json{1},
                                  json{{{"type", "ip"}, {"value", "[fd00::1]"}}}}) {
    EXPECT_EQ(post("/new-order", {{"identifiers", identifiers}}).status, 400) << identifiers;
  }
  EXPECT_EQ(problem_of(post("/new-order", {{"identifiers", {{{"type", "email"}, {"value", "a@home.arpa"}}}}})),
            "unsupportedIdentifier");
}

TEST_F(ResponderTest, signs_only_the_request_that_the_order_is_for) {
  register_account();
  const auto key = cert::PrivateKey::generate();
  const json order = proved_order({"a.home.arpa"});
  const std::string kBad = "urn:ietf:params:acme:error:badCSR";
  EXPECT_EQ(finalized(order, {"a.home.arpa", "b.home.arpa"}, key)["type"], kBad);
  EXPECT_EQ(finalized(order, {"b.home.arpa"}, key)["type"], kBad);
  EXPECT_EQ(finalized(order, {"a.home.arpa"}, key_)["type"], kBad);  // the account's own key
  EXPECT_EQ(problem_of(post(path(order["finalize"]), {{"csr", "AAAA"}})), "badCSR");
  EXPECT_EQ(finalized(order, {"a.home.arpa"}, key)["status"], "valid");
}

TEST_F(ResponderTest, takes_each_nonce_once) {
  register_account();
  jose::JwsHeader header{.url = kBase + "/new-order", .nonce = nonce(), .key_id = account_, .jwk = {}};
  const std::string message = jose::sign(key_, header, json{{"identifiers", {dns("a.home.arpa")}}}.dump()).value();
  EXPECT_EQ(post_text("/new-order", message).status, 201);
  const Reply again = post_text("/new-order", message);
  EXPECT_EQ(problem_of(again), "badNonce");
  EXPECT_FALSE(field(again, "replay-nonce").empty());
  header.nonce = "made-up";
  EXPECT_EQ(problem_of(post_text("/new-order", jose::sign(key_, header, "{}").value())), "badNonce");
}

// RFC 8555 6.2: "The problem document returned with the error MUST include an "algorithms" field".
TEST_F(ResponderTest, says_which_algorithms_it_takes_to_who_signs_by_another) {
  register_account();
  const json header{{"alg", "ES384"}, {"url", kBase + "/new-order"}, {"nonce", nonce()}, {"kid", account_}};
  const json message{{"protected", jose::to_base64url(base::as_bytes(header.dump()))},
                     {"payload", jose::to_base64url(base::as_bytes("{}"))},
                     {"signature", jose::to_base64url(base::as_bytes("by whom"))}};
  const Reply reply = post_text("/new-order", message.dump());
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(problem_of(reply), "badSignatureAlgorithm");
  EXPECT_EQ(body(reply)["algorithms"], json::array({"ES256", "RS256"}));
}

TEST_F(ResponderTest, believes_only_what_the_key_of_the_account_has_signed_for_this_address) {
  register_account();
  const auto stranger = cert::PrivateKey::generate();
  jose::JwsHeader header{.url = kBase + "/new-order", .nonce = nonce(), .key_id = account_, .jwk = {}};
  EXPECT_EQ(post_text("/new-order", jose::sign(stranger, header, "{}").value()).status, 400);
  header = {.url = kBase + "/key-change", .nonce = nonce(), .key_id = account_, .jwk = {}};
  EXPECT_EQ(problem_of(post_text("/new-order", jose::sign(key_, header, "{}").value())), "unauthorized");
  header = {.url = kBase + "/new-order", .nonce = nonce(), .key_id = {}, .jwk = jwk()};
  EXPECT_EQ(problem_of(post_text("/new-order", jose::sign(key_, header, "{}").value())), "malformed");
  header = {.url = kBase + "/new-order", .nonce = nonce(), .key_id = kBase + "/account/nobody", .jwk = {}};
  EXPECT_EQ(problem_of(post_text("/new-order", jose::sign(key_, header, "{}").value())), "accountDoesNotExist");
  EXPECT_EQ(post_text("/new-order", "{}", "application/json").status, 415);
  for (const char* text : {"", "x", "[]", "{}", "{\"protected\":1}"})
    EXPECT_EQ(post_text("/new-order", text).status, 400);
}

TEST_F(ResponderTest, keeps_what_is_one_accounts_from_others) {
  register_account();
  const json order = body(post("/new-order", {{"identifiers", {dns("a.home.arpa")}}}));
  const std::string url = field(post("/new-order", {{"identifiers", {dns("b.home.arpa")}}}), "location");
  const std::string first = account_;
  key_ = cert::PrivateKey::generate();
  register_account();
  EXPECT_EQ(look(url).status, 404);
  EXPECT_EQ(look(order["authorizations"][0]).status, 404);
  EXPECT_EQ(problem_of(post_payload(first.substr(kBase.size()), "")), "unauthorized");
}

TEST_F(ResponderTest, knows_its_accounts_after_a_restart) {
  register_account();
  const std::string account = account_;
  start();
  EXPECT_EQ(register_account().status, 200);
  EXPECT_EQ(account_, account);
  EXPECT_TRUE(told_.empty());
}

TEST_F(ResponderTest, finds_accounts_by_their_key_without_making_any) {
  EXPECT_EQ(problem_of(register_account({{"onlyReturnExisting", true}})), "accountDoesNotExist");
  register_account();
  EXPECT_EQ(register_account({{"onlyReturnExisting", true}}).status, 200);
}

TEST_F(ResponderTest, refuses_contacts_that_are_no_mail_addresses) {
  EXPECT_EQ(problem_of(register_account({{"contact", {"tel:123"}}})), "unsupportedContact");
  EXPECT_EQ(problem_of(register_account({{"contact", {"mailto:a@b.test,c@d.test"}}})), "invalidContact");
}

TEST_F(ResponderTest, ends_accounts_for_good) {
  register_account();
  EXPECT_EQ(body(post_payload(account_.substr(kBase.size()), R"({"status":"deactivated"})"))["status"], "deactivated");
  EXPECT_EQ(problem_of(post("/new-order", {{"identifiers", {dns("a.home.arpa")}}})), "unauthorized");
  EXPECT_EQ(problem_of(register_account()), "unauthorized");
}

TEST_F(ResponderTest, changes_the_key_of_an_account) {
  register_account();
  const auto fresh = cert::PrivateKey::generate();
  const json payload{{"account", account_}, {"oldKey", json::parse(jwk())}};
  const jose::JwsHeader inner{
      .url = kBase + "/key-change", .nonce = {}, .key_id = {}, .jwk = jose::PublicKey::of(fresh)->to_jwk()};
  EXPECT_EQ(post_payload("/key-change", jose::sign(fresh, inner, payload.dump()).value()).status, 200);
  EXPECT_EQ(post("/new-order", {{"identifiers", {dns("a.home.arpa")}}}).status, 400);
  key_ = fresh.clone();
  EXPECT_EQ(post("/new-order", {{"identifiers", {dns("a.home.arpa")}}}).status, 201);
}

TEST_F(ResponderTest, makes_accounts_only_for_those_with_a_secret_where_it_is_told_so) {
  settings_.external_accounts = {{"printer", "0123456789abcdef"}};
  EXPECT_EQ(problem_of(register_account()), "externalAccountRequired");
  const auto bound = [&](const std::string& id, const std::string& secret) {
    const jose::JwsHeader header{.url = kBase + "/new-account", .nonce = {}, .key_id = id, .jwk = {}};
    return json{{"externalAccountBinding", json::parse(jose::sign_by_secret(base::as_bytes(secret), header, jwk()))}};
  };
  EXPECT_EQ(problem_of(register_account(bound("printer", "another secret!!"))), "unauthorized");
  EXPECT_EQ(problem_of(register_account(bound("scanner", "0123456789abcdef"))), "unauthorized");
  EXPECT_EQ(register_account(bound("printer", "0123456789abcdef")).status, 201);
}

TEST_F(ResponderTest, limits_the_accounts_of_an_address) {
  int made = 0;
  for (int i = 0; i < 25; ++i) {
    key_ = cert::PrivateKey::generate();
    made += register_account().status == 201 ? 1 : 0;
  }
  EXPECT_EQ(made, 20);
  address_ = "192.168.1.8";
  EXPECT_EQ(register_account().status, 201);
  address_ = "192.168.1.7";
  clock_.elapsed += 2h;
  key_ = cert::PrivateKey::generate();
  EXPECT_EQ(register_account().status, 201);
}

TEST_F(ResponderTest, limits_the_open_orders_of_an_account) {
  register_account();
  Reply last;
  for (std::size_t i = 0; i <= Orders::kOpenOfAnAccountMax; ++i) {
    last = post("/new-order", {{"identifiers", {dns("a.home.arpa")}}});
  }
  EXPECT_EQ(problem_of(last), "rateLimited");
  EXPECT_EQ(field(last, "retry-after"), "3600");
  clock_.elapsed += Orders::kLifetime + 1h;
  EXPECT_EQ(post("/new-order", {{"identifiers", {dns("a.home.arpa")}}}).status, 201);
}

TEST_F(ResponderTest, revokes_for_the_account_and_for_the_key_of_the_certificate) {
  register_account();
  const auto key = cert::PrivateKey::generate();
  const auto first = issued({"a.home.arpa"}, key);
  const auto second = issued({"a.home.arpa"}, key);
  const auto request = [](const cert::Certificate& leaf) {
    return json{{"certificate", jose::to_base64url(leaf.der())}};
  };
  json badly = request(first);
  badly["reason"] = 7;
  EXPECT_EQ(problem_of(post("/revoke-cert", badly)), "badRevocationReason");
  EXPECT_EQ(post("/revoke-cert", request(first)).status, 200);
  EXPECT_EQ(problem_of(post("/revoke-cert", request(first))), "alreadyRevoked");
  const jose::JwsHeader header{
      .url = kBase + "/revoke-cert", .nonce = nonce(), .key_id = {}, .jwk = jose::PublicKey::of(key)->to_jwk()};
  EXPECT_EQ(post_text("/revoke-cert", jose::sign(key, header, request(second).dump()).value()).status, 200);
  const auto ca = cert::InternalCa::open(state(), clock_.wall());
  EXPECT_EQ(ca->published_list()->serials, (std::set<std::string>{first.serial(), second.serial()}));
}

TEST_F(ResponderTest, revokes_nothing_for_strangers) {
  register_account();
  const auto leaf = issued({"a.home.arpa"}, cert::PrivateKey::generate());
  key_ = cert::PrivateKey::generate();
  register_account();
  EXPECT_EQ(problem_of(post("/revoke-cert", {{"certificate", jose::to_base64url(leaf.der())}})), "unauthorized");
  EXPECT_EQ(post("/revoke-cert", {{"certificate", "AAAA"}}).status, 400);
}

TEST_F(ResponderTest, says_when_to_renew_and_at_once_what_is_revoked) {
  register_account();
  const auto leaf = issued({"a.home.arpa"}, cert::PrivateKey::generate());
  const Reply reply = get("/renewal-info/" + certificate_id(leaf));
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(field(reply, "retry-after").empty());
  const auto start = base::parse_timestamp(body(reply)["suggestedWindow"]["start"].get<std::string>());
  const auto end = base::parse_timestamp(body(reply)["suggestedWindow"]["end"].get<std::string>());
  ASSERT_TRUE(start && end);
  EXPECT_GT(*start, clock_.wall() + 3 * 24h);
  EXPECT_LT(*end, leaf.not_after() - 2 * 24h);
  post("/revoke-cert", {{"certificate", jose::to_base64url(leaf.der())}});
  const auto after = base::parse_timestamp(
      body(get("/renewal-info/" + certificate_id(leaf)))["suggestedWindow"]["end"].get<std::string>());
  EXPECT_LT(*after, clock_.wall());
  EXPECT_EQ(get("/renewal-info/AAAA.AQID").status, 404);
  EXPECT_EQ(get("/renewal-info/what").status, 400);
}

TEST_F(ResponderTest, lets_a_certificate_be_replaced_once) {
  register_account();
  const auto key = cert::PrivateKey::generate();
  const auto leaf = issued({"a.home.arpa"}, key);
  const json replacing{{"identifiers", {dns("a.home.arpa")}}, {"replaces", certificate_id(leaf)}};
  const json order = body(post("/new-order", replacing));
  EXPECT_EQ(order["replaces"], certificate_id(leaf));
  const json authorization = body(look(order["authorizations"][0]));
  post(path(authorization["challenges"][0]["url"]), json::object());
  validator_.say(std::nullopt);
  EXPECT_EQ(finalized(order, {"a.home.arpa"}, key)["status"], "valid");
  EXPECT_EQ(problem_of(post("/new-order", replacing)), "alreadyReplaced");
}

TEST_F(ResponderTest, names_its_resources_and_answers_other_methods_by_the_book) {
  const json directory = body(get("/directory"));
  EXPECT_EQ(directory["newOrder"], kBase + "/new-order");
  EXPECT_EQ(directory["renewalInfo"], kBase + "/renewal-info");
  EXPECT_EQ(get("/new-nonce").status, 204);
  EXPECT_EQ(get("/new-nonce", "HEAD").status, 200);
  EXPECT_EQ(get("/new-order").status, 405);
  register_account();
  EXPECT_EQ(post("/nothing", json::object()).status, 404);
}

}  // namespace
}  // namespace gate::acme_server
