#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cert/condition.h"
#include "cert/verify.h"
#include "cli/cert_commands.h"
#include "os/file.h"

namespace gate::cli {
namespace {

using nlohmann::json;

struct Options : AdminOptions {
  std::string subject;
};

constexpr std::size_t kFileBytesMax = 1024 * 1024;

// What is a path is a file; names of certificates have no slash.
bool is_file(const std::string& subject) {
  if (subject.find('/') != std::string::npos) return true;
  const auto facts = os::inspect(subject);
  return facts && facts->regular;
}

// {"certificate": …, "concern": …, "text": …} for each.
base::Result<json> findings_of_file(const std::string& path) {
  GATE_TRY_ASSIGN(const auto text, os::read_file(path, kFileBytesMax));
  GATE_TRY_ASSIGN(const auto chain, cert::certificates_from_pem(text, path));
  GATE_TRY_ASSIGN(const auto roots, cert::Roots::system());
  const std::array<const cert::Roots*, 1> trusted{&roots};
  auto list = json::array();
  for (const auto& each : cert::examine({.chain = chain, .roots = trusted}, base::SystemClock().wall()))
    list.push_back({{"certificate", path}, {"concern", cert::to_string(each.concern)}, {"text", each.text}});
  return list;
}

struct Outcome {
  json findings = json::array();
  std::size_t certificates = 0;
};

base::Result<Outcome> check_file(const std::string& path) {
  GATE_TRY_ASSIGN(auto findings, findings_of_file(path));
  return Outcome{std::move(findings), 1};
}

base::Result<Outcome> check_server(const Options& options) {
  GATE_TRY_ASSIGN(const auto certificates, ask_certificates(options, options.subject));
  Outcome outcome{.certificates = certificates.size()};
  for (const auto& each : certificates) {
    for (const auto& finding : each.at("findings")) {
      outcome.findings.push_back(
          {{"certificate", each.at("site")}, {"concern", finding.at("concern")}, {"text", finding.at("text")}});
    }
  }
  return outcome;
}

void print(const Outcome& outcome, bool quiet) {
  for (const auto& each : outcome.findings) {
    fmt::print("{}: {}: {}\n", each.value("certificate", ""), each.value("concern", ""), each.value("text", ""));
  }
  if (!outcome.findings.empty() || quiet) return;
  if (outcome.certificates == 1) {
    fmt::print("the certificate is good\n");
  } else {
    fmt::print("all {} certificates are good\n", outcome.certificates);
  }
}

int check(const Options& options) {
  const auto outcome = is_file(options.subject) ? check_file(options.subject) : check_server(options);
  if (!outcome) return fail(outcome.error(), options);
  if (options.json) {
    fmt::print("{}\n", outcome->findings.dump());
  } else {
    print(*outcome, options.quiet);
  }
  return to_int(outcome->findings.empty() ? Exit::kFine : Exit::kFindings);
}

}  // namespace

Command add_cert_check(Parser cert) {
  auto options = std::make_shared<Options>();
  const Parser parser = cert.add_subcommand("check", "Say what is wrong with them; exit 1 if anything is");
  parser.add_option("NAME", options->subject, "A name, or a file of certificates, rather than all");
  add_admin_options(parser, *options, "  gate443 cert check --quiet\n  gate443 cert check /etc/ssl/example.pem");
  return {parser, [options] { return check(*options); }};
}

}  // namespace gate::cli
