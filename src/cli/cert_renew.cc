#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

struct Options : AdminOptions {
  std::string name;
};

int renew(const Options& options) {
  return show_text(ask_and_wait({{"command", "renew"}, {"site", options.name}}, options, options.name), options);
}

}  // namespace

Command add_cert_renew(Parser cert) {
  const Parser parser = cert.add_subcommand("renew", "Order a certificate now, whatever the calendar says");
  auto options = std::make_shared<Options>();
  parser.add_option("NAME", options->name, "A site with a certificate of an authority").required();
  add_admin_options(parser, *options,
                    "  gate443 cert renew www.example.com\n"
                    "  gate443 cert renew www.example.com --json");
  return {parser, [options] { return renew(*options); }};
}

}  // namespace gate::cli
