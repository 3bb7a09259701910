#include "cli/ca.h"

#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"

namespace gate::cli {
namespace {

using ca::Options;

class Parsers {
 public:
  Parsers(Parser parent, Options& options) : parent_(parent), options_(options) {}

  Parser add(const char* name, const char* summary, std::string_view examples) {
    const Parser action = parent_.add_subcommand(name, summary);
    action.add_option("--state", options_.state, "The state folder with the authority").type_name("DIR");
    add_common_options(action, options_, examples);
    return action;
  }

  Parser add_init() {
    const Parser init = add("init", "Make the authority: its root and key, in the state folder",
                            "  gate443 ca init --name \"Example Ltd\" --permit example.internal 10.0.0.0/8\n"
                            "  gate443 ca init --url http://pki.home.arpa/ca");
    init.add_option("--name", options_.name, "What its root is called").show_default();
    const Option permit = init.add_option("--permit", options_.permit,
                                          "All it may ever sign for: domains with what is below them, and blocks of "
                                          "addresses. Without: local names and private addresses");
    permit.type_name("DOMAIN|CIDR");
    init.add_flag("--permit-anything", options_.permit_anything, "Let it sign for every name of the internet")
        .excludes(permit);
    init.add_option("--years", options_.years, "How long its root is valid").within(1, 30).show_default();
    init.add_option("--url", options_.url, "Where clients will find its published files: http://…");
    return init;
  }

  Parser add_issue() {
    const Parser issue = add("issue", "Issue a certificate, to files",
                             "  gate443 ca issue nas.home.arpa 192.168.1.2 --to /etc/nas\n"
                             "  gate443 ca issue \"Ann Example\" --client --password env:P12");
    issue.add_option("NAME", options_.names, "DNS names and addresses of a server; with --client: who it is");
    issue.add_flag("--client", options_.client, "For a client that proves who it is (mutual TLS)");
    issue.add_option("--email", options_.mail_addresses, "A mail address of the client; may be repeated")
        .type_name("ADDRESS")
        .one_each();
    issue.add_option("--days", options_.days, "How long: 90 unless given, 365 for clients, 825 at most")
        .within(1, static_cast<std::uint32_t>(cert::InternalCa::kLeafLifetimeMax.count()))
        .type_name("N");
    issue.add_option("--to", options_.folder, "The folder for the files").type_name("DIR").show_default();
    const Option key = issue.add_option("--key", options_.key, "Use this private key rather than a fresh one");
    const Option request =
        issue.add_option("--csr", options_.request, "Sign this request; its names, unless others are given");
    const Option password =
        issue.add_option("--password", options_.password, "Write a PKCS #12 file for browsers too, with this password");
    key.type_name("FILE").excludes(request);
    request.type_name("FILE").excludes(password);
    password.type_name("env:NAME|file:PATH");
    return issue;
  }

  Parser add_list() {
    const Parser list =
        add("list", "The certificates it has issued", "  gate443 ca list\n  gate443 ca list --all --json");
    list.add_flag("--all", options_.all, "Those that are revoked or have ended too");
    return list;
  }

  Parser add_show() {
    const Parser show =
        add("show", "The authority, or one certificate", "  gate443 ca show\n  gate443 ca show 4cd6247a");
    show.add_option("SERIAL|NAME", options_.which, "A certificate, by its serial number (or its beginning) or a name");
    return show;
  }

  Parser add_revoke() {
    const Parser revoke = add("revoke", "Revoke a certificate, and publish the list of revoked ones",
                              "  gate443 ca revoke nas.home.arpa\n"
                              "  gate443 ca revoke 4cd6247a --reason key-compromise");
    revoke.add_option("SERIAL|NAME", options_.which, "By its serial number (or its beginning) or a name").required();
    revoke.add_flag("--all", options_.all, "All that a name stands for");
    revoke
        .add_option("--reason", options_.reason,
                    "key-compromise, superseded, affiliation-changed, cessation-of-operation, privilege-withdrawn")
        .type_name("REASON");
    return revoke;
  }

  void add_url() {
    const Parser url = add("url", "Change where clients find its published files",
                           "  gate443 ca url http://pki.home.arpa/ca\n  gate443 ca url none");
    url.add_option("URL", options_.url, "http://…, or none; for certificates issued from now on").required();
  }

 private:
  Parser parent_;
  Options& options_;
};

}  // namespace

Command add_ca(Parser program) {
  const Parser parser = program.add_subcommand("ca", "Run the certificate authority of a network");
  auto options = std::make_shared<Options>();
  parser.require_subcommand();
  parser.footer("Examples:\n  gate443 ca init --permit home.arpa 192.168.0.0/16\n  gate443 ca issue nas.home.arpa");
  Parsers parsers(parser, *options);
  const Parser init = parsers.add_init();
  const Parser issue = parsers.add_issue();
  const Parser list = parsers.add_list();
  const Parser show = parsers.add_show();
  const Parser revoke = parsers.add_revoke();
  parsers.add_url();
  return {parser, [=] {
            if (init.parsed()) return ca::init(*options);
            if (issue.parsed()) return ca::issue(*options);
            if (list.parsed()) return ca::list(*options);
            if (show.parsed()) return ca::show(*options);
            return revoke.parsed() ? ca::revoke(*options) : ca::set_url(*options);
          }};
}

}  // namespace gate::cli
