// gate443 ca issue.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "cert/key_file.h"
#include "cert/pkcs12.h"
#include "cert/private_key.h"
#include "cert/signing_request.h"
#include "cli/ca.h"
#include "cli/codes.h"
#include "cli/secret_argument.h"
#include "os/file.h"

namespace gate::cli::ca {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::chrono::days kServerLifetime{90};
constexpr std::chrono::days kClientLifetime{365};

// Whose certificate it will be: a key of ours, or a request by whoever has the key.
struct Subject {
  std::optional<cert::PrivateKey> key{};
  bool key_is_fresh = false;
  std::optional<cert::SigningRequest> request{};
};

struct Files {
  std::string certificate;
  std::string key;     // empty when none is written
  std::string pkcs12;  // the same
};

base::Result<Subject> subject_of(const Options& options) {
  if (!options.request.empty()) {
    GATE_TRY_ASSIGN(const std::string text, os::read_file(options.request, kFileBytesMax));
    GATE_TRY_ASSIGN(auto request, cert::SigningRequest::from_pem(text, options.request));
    return Subject{.request = std::move(request)};
  }
  if (options.key.empty()) return Subject{.key = cert::PrivateKey::generate(), .key_is_fresh = true};
  GATE_TRY_ASSIGN(auto key, cert::read_key_file(options.key));
  return Subject{.key = std::move(key)};
}

cert::InternalCa::Order order_of(const Options& options, const Subject& subject) {
  cert::InternalCa::Order order;
  order.purpose = options.client ? cert::Purpose::kClient : cert::Purpose::kServer;
  order.mail_addresses = options.mail_addresses;
  order.origin = "command";
  const auto& request = subject.request;
  order.public_key_info = request ? request->public_key_info : subject.key->public_key_info();
  order.names = options.names.empty() && request ? request->names : options.names;
  if (options.client) {
    order.common_name = options.names.empty() && request ? request->common_name : joined(options.names);
    order.names.clear();
    if (request && order.mail_addresses.empty()) order.mail_addresses = request->mail_addresses;
  }
  const std::chrono::days usual = options.client ? kClientLifetime : kServerLifetime;
  order.lifetime = options.days == 0 ? usual : std::chrono::days(options.days);
  return order;
}

// "_.example.com", "Ann_Example": harmless in a shell and on any file system.
std::string file_name(std::string name) {
  std::ranges::replace_if(
      name,
      [](char c) {
        return !base::is_alpha(c) && !base::is_digit(c) && std::string_view(".-@_").find(c) == std::string_view::npos;
      },
      '_');
  if (name.starts_with('.') || name.starts_with('-')) name.front() = '_';
  return name;
}

Files files_for(const Options& options, const Subject& subject, const cert::InternalCa::Order& order) {
  const std::string stem =
      options.folder + "/" + file_name(order.common_name.empty() ? order.names.front() : order.common_name);
  return {.certificate = stem + ".crt",
          .key = subject.key_is_fresh ? stem + ".key" : "",
          .pkcs12 = options.password.empty() ? "" : stem + ".p12"};
}

// A key that is overwritten is lost.
base::Result<void> check_free(const Files& files) {
  if (files.key.empty() || !os::inspect(files.key)) return {};
  return base::fail({.code = kWouldOverwrite,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("{} is there already", files.key),
                     .why = "a private key that is overwritten is lost",
                     .fix = fmt::format("--key {}   issues for that key; or move it away", files.key)});
}

// The key first: a certificate without its key is of no use, a key without a certificate may still get one.
base::Result<void> write_files(const Files& files, const cert::InternalCa& ca, const cert::Certificate& certificate,
                               Subject& subject, const std::string& password) {
  if (!files.key.empty()) GATE_TRY(cert::write_key_file(files.key, *subject.key));
  GATE_TRY(os::write_file_atomically(files.certificate, certificate.to_pem(), 0644));
  if (files.pkcs12.empty()) return {};
  const cert::Credential credential{{certificate}, subject.key->clone()};
  const std::string label = certificate.dns_names().empty() ? certificate.subject() : certificate.dns_names().front();
  GATE_TRY_ASSIGN(const std::string bundle, cert::to_pkcs12(credential, &ca.root(), label, password));
  return os::write_file_atomically(files.pkcs12, bundle, 0600);
}

base::Result<std::string> password_of(const Options& options) {
  if (options.password.empty()) return std::string();
  return secret_argument(options.password, "--password");
}

base::Result<void> run(const Options& options) {
  const base::SystemClock clock;
  GATE_TRY_ASSIGN(cert::InternalCa ca, open(options));
  GATE_TRY_ASSIGN(Subject subject, subject_of(options));
  const auto order = order_of(options, subject);
  GATE_TRY(ca.check(order));
  const Files files = files_for(options, subject, order);
  GATE_TRY(check_free(files));
  GATE_TRY_ASSIGN(const std::string password, password_of(options));
  GATE_TRY(os::make_directories(options.folder, 0755));
  GATE_TRY_ASSIGN(const cert::Certificate certificate, ca.issue(order, clock.wall()));
  GATE_TRY(write_files(files, ca, certificate, subject, password));
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"serial", certificate.serial()},
                                      {"not_after", day(certificate.not_after())},
                                      {"certificate", files.certificate},
                                      {"key", files.key},
                                      {"pkcs12", files.pkcs12}}
                           .dump());
  } else if (!options.quiet) {
    line("issued", joined(ca.find(certificate.serial())->names));
    line("until", day(certificate.not_after()));
    line("serial", certificate.serial());
    line("file", files.certificate);
    if (!files.key.empty()) line("key", files.key);
    if (!files.pkcs12.empty()) line("browsers", files.pkcs12);
  }
  return {};
}

}  // namespace

int issue(const Options& options) {
  const auto issued = run(options);
  return issued ? to_int(Exit::kFine) : fail(issued.error(), options);
}

}  // namespace gate::cli::ca
