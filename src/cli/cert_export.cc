#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <utility>

#include "app/folders.h"
#include "cert/pkcs12.h"
#include "cert/store.h"
#include "cli/cert_commands.h"
#include "cli/codes.h"
#include "cli/secret_argument.h"
#include "os/file.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string name;
  std::string file;
  std::string format = "pem";
  std::string password;
  std::string state;
};

base::Result<cert::Credential> load(const Options& options) {
  const std::string state = options.state.empty() ? app::default_state_folder() : options.state;
  for (const char* kind : {"acme", "local"}) {
    GATE_TRY_ASSIGN(auto found, cert::Store(fmt::format("{}/certificates/{}", state, kind)).load(options.name));
    if (found) return *std::move(found);
  }
  return base::fail({.code = kNoSuchCertificate,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("no certificate for \"{}\" is kept in {}", options.name, state),
                     .why = "certificates of your own files are where your configuration says",
                     .fix = "gate443 cert list   shows all, by the name they are kept under"});
}

std::string to_pem(const cert::Credential& credential) {
  std::string text = credential.key.to_pem();
  for (const auto& each : credential.chain) text += each.to_pem();
  return text;
}

base::Result<std::string> content(const Options& options) {
  GATE_TRY_ASSIGN(const auto credential, load(options));
  if (options.format == "pem") return to_pem(credential);
  if (options.format != "pkcs12" || options.password.empty())
    return base::fail({.code = kBadExport,
                       .side = base::Side::kConfiguration,
                       .what = options.format == "pkcs12" ? "PKCS#12 wants a password"
                                                          : fmt::format("there is no format \"{}\"", options.format),
                       .fix = "--format pem, or --format pkcs12 --password file:PATH"});
  GATE_TRY_ASSIGN(const auto password, secret_argument(options.password, "--password"));
  return cert::to_pkcs12(credential, nullptr, options.name, password);
}

int run(const Options& options) {
  const auto bytes = content(options);
  if (!bytes) return fail(bytes.error(), options);
  const auto written = os::write_file_atomically(options.file, *bytes, 0600);
  if (!written) return fail(written.error(), options);
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"file", options.file}}.dump());
  } else if (!options.quiet) {
    fmt::print("{}: the key and the chain of {}; only you can read it\n", options.file, options.name);
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_cert_export(Parser cert) {
  auto options = std::make_shared<Options>();
  const Parser parser = cert.add_subcommand("export", "Copy one with its key for another program");
  parser.add_option("NAME", options->name, "The site's name").required();
  parser.add_option("--to", options->file, "The file to write").type_name("FILE").required();
  parser.add_option("--format", options->format, "pem (key, then chain) or pkcs12").show_default();
  parser.add_option("--password", options->password, "Of the PKCS#12: file:PATH or env:NAME").type_name("SECRET");
  parser.add_option("--state", options->state, "The state folder").type_name("DIR");
  add_common_options(parser, *options,
                     "  gate443 cert export example.com --to example.pem\n"
                     "  gate443 cert export example.com --to e.p12 --format pkcs12 --password env:PW");
  return {parser, [options] { return run(*options); }};
}

}  // namespace gate::cli
