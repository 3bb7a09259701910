#include "app/read_dns_proof.h"

#include <fmt/format.h>

#include <expected>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <utility>

#include "app/read_roots.h"
#include "client/url.h"
#include "conf/table.h"
#include "dns/resolv_conf.h"
#include "dns/tsig_key_file.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using Common = conf::Context<DnsProofSettings>;
using Exec = conf::Context<acme::ExecSettings>;

constexpr conf::DurationRange kHookTimes{1s, 1h};

// While it is read.
struct UpdateDraft {
  std::optional<dns::TsigKey> key;
};
struct HttpDraft {
  acme::HttpHookSettings settings;
  std::string trusted;  // the text of the roots
};

std::optional<base::Endpoint> read_server(const conf::Word& word, conf::Reader& reader) {
  if (const auto address = base::IpAddress::parse(word.text)) return base::Endpoint{*address, dns::kDnsPort};
  return reader.endpoint(word);
}

// propagation TIME|off
void read_propagation(Common& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  if (word.text == "off") {
    context.plan.propagation.reset();
  } else if (const auto time = context.reader.duration(word, {1s, 24h})) {
    context.plan.propagation = *time;
  }
}

// resolver ADDRESS[:PORT]…
void read_resolver(Common& context, const conf::Statement& statement) {
  for (const auto& word : statement.args) {
    if (const auto server = read_server(word, context.reader)) context.plan.resolvers.push_back(*server);
  }
}

// key file:PATH  ·  key NAME ALGORITHM file:PATH
void read_key(conf::Context<UpdateDraft>& context, const conf::Statement& statement) {
  const auto& reference = statement.args.back();
  if (statement.args.size() == 2) {
    return context.reader.error(conf::kWrongArgumentCount, reference,
                                "a key is a file, or a name, an algorithm and a secret",
                                "such as key gate443 hmac-sha256 file:PATH");
  }
  const auto secret = context.reader.secret(reference);
  if (!secret) return;
  const bool by_parts = statement.args.size() == 3;
  auto key = by_parts ? dns::make_tsig_key(statement.args[0].text, statement.args[1].text, secret->reveal())
                      : dns::parse_tsig_key_file(secret->reveal());
  if (!key) {
    return context.reader.error(conf::kBadChoice, reference, fmt::format("this is no key for updates: {}", key.error()),
                                by_parts ? "put the secret into the file as tsig-keygen shows it, alone on its line"
                                         : "make one with \"tsig-keygen NAME\", or write key NAME ALGORITHM file:PATH");
  }
  context.plan.key = *std::move(key);
}

// timeout TIME
void read_exec_timeout(Exec& context, const conf::Statement& statement) {
  if (const auto time = context.reader.duration(statement.args[0], kHookTimes)) context.plan.deadline = *time;
}
void read_http_timeout(conf::Context<HttpDraft>& context, const conf::Statement& statement) {
  if (const auto time = context.reader.duration(statement.args[0], kHookTimes)) context.plan.settings.deadline = *time;
}

// token file:PATH|env:NAME
void read_token(conf::Context<HttpDraft>& context, const conf::Statement& statement) {
  auto secret = context.reader.secret(statement.args[0]);
  if (!secret) return;
  for (const char c : secret->reveal()) {
    if (c > ' ' && c < '\x7f') continue;
    // RFC 6750 2.1.
    return context.reader.error(conf::kBadChoice, statement.args[0], "a token has no blanks and nothing beyond ASCII",
                                "put it into the file alone");
  }
  context.plan.settings.token = std::move(*secret).reveal();
}

// trust FILE
void read_trust(conf::Context<HttpDraft>& context, const conf::Statement& statement) {
  auto named = read_roots(statement.args[0], context.reader);
  if (!named) return;
  context.plan.settings.roots = std::move(named->roots);
  context.plan.trusted = std::move(named->text);
}

constexpr conf::Directive<DnsProofSettings> kCommonWords[] = {
    {.name = "propagation",
     .synopsis = "propagation TIME|off",
     .summary = "How long the zone's name servers have to show a record: 2m; off: they are not asked.",
     .args = {1, 1},
     .handle = read_propagation},
    {.name = "resolver",
     .synopsis = "resolver ADDRESS[:PORT]…",
     .summary = "Who is asked for zones and their servers; the machine's own resolvers unless given.",
     .args = {1, 3},
     .handle = read_resolver},
};

constexpr conf::Directive<UpdateDraft> kUpdateWords[] = {
    {.name = "key",
     .synopsis = "key file:PATH | key NAME ALGORITHM file:PATH|env:NAME",
     .summary = "Signs the updates: a file of tsig-keygen, or name, algorithm and secret.",
     .args = {1, 3},
     .occurs = conf::Occurs::kRequired,
     .handle = read_key},
};

constexpr conf::Directive<acme::ExecSettings> kExecWords[] = {
    {.name = "timeout",
     .synopsis = "timeout TIME",
     .summary = "How long the program may take: 2m.",
     .args = {1, 1},
     .handle = read_exec_timeout},
};

constexpr conf::Directive<HttpDraft> kHttpWords[] = {
    {.name = "token",
     .synopsis = "token file:PATH|env:NAME",
     .summary = "Sent as Authorization: Bearer.",
     .args = {1, 1},
     .handle = read_token},
    {.name = "trust",
     .synopsis = "trust FILE",
     .summary = "Roots that vouch for the server; the system's unless given.",
     .args = {1, 1},
     .handle = read_trust},
    {.name = "timeout",
     .synopsis = "timeout TIME",
     .summary = "How long a request may take: 1m.",
     .args = {1, 1},
     .handle = read_http_timeout},
};

// Reads the block with the words of its kind and those of all.
template <class Draft, std::size_t N>
void read_words(const conf::Statement& statement, const conf::Directive<Draft> (&words)[N], Draft& draft,
                DnsProofSettings& settings, conf::Reader& reader) {
  conf::Scope scope;
  scope.add(std::span<const conf::Directive<DnsProofSettings>>(kCommonWords), settings);
  scope.add(std::span<const conf::Directive<Draft>>(words), draft);
  scope.read(statement, reader);
}

std::string common_mark(const DnsProofSettings& settings) {
  std::string mark = fmt::format("{}", settings.propagation.value_or(base::Duration{}).count());
  for (const auto& resolver : settings.resolvers) mark += ' ' + resolver.to_string();
  return mark;
}

bool read_update(const conf::Statement& statement, DnsProofSettings& settings, conf::Reader& reader) {
  UpdateDraft draft;
  read_words(statement, kUpdateWords, draft, settings, reader);
  const auto server = read_server(statement.args[1], reader);
  if (statement.args.size() > 2) {
    reader.error(conf::kWrongArgumentCount, statement.args[2], "updates go to one server", "name the primary server");
    return false;
  }
  if (!server || !draft.key) return false;
  settings.mark = fmt::format("update {} {} {} {} {}", server->to_string(), draft.key->name.to_string(),
                              to_string(draft.key->algorithm), draft.key->secret, common_mark(settings));
  settings.way = DnsProofSettings::Update{*server, *std::move(draft.key)};
  return true;
}

bool read_exec(const conf::Statement& statement, DnsProofSettings& settings, conf::Reader& reader) {
  acme::ExecSettings exec;
  read_words(statement, kExecWords, exec, settings, reader);
  for (const auto& word : statement.args | std::views::drop(1)) exec.command.push_back(word.text);
  settings.mark = fmt::format("exec {} {}", exec.deadline.count(), common_mark(settings));
  for (const auto& word : exec.command) settings.mark += '\0' + word;
  settings.way = std::move(exec);
  return true;
}

bool read_http(const conf::Statement& statement, DnsProofSettings& settings, conf::Reader& reader) {
  HttpDraft draft;
  read_words(statement, kHttpWords, draft, settings, reader);
  const auto& word = statement.args[1];
  const auto url = client::Url::parse(word.text);
  if (!url || statement.args.size() > 2) {
    reader.error(
        conf::kBadChoice, url ? statement.args[2] : word,
        fmt::format("{} is no URL of a server that makes records", conf::shown((url ? statement.args[2] : word).text)),
        "such as https://dns.example.com/acme");
    return false;
  }
  // A token, or what proves a name, is not sent for everybody to read.
  if (!url->server.secure() && !url->server.is_this_machine()) {
    reader.error(conf::kBadChoice, word, "what proves a name would be sent for everybody to read and to change",
                 "use https, or a server on this machine");
    return false;
  }
  draft.settings.url = word.text;
  if (url->server.secure() && !draft.settings.roots) {
    draft.settings.roots = system_roots(word, reader);
    if (!draft.settings.roots) return false;
  }
  settings.mark = fmt::format("http {} {} {} {} {}", word.text, draft.settings.token, draft.settings.deadline.count(),
                              draft.trusted, common_mark(settings));
  settings.way = std::move(draft.settings);
  return true;
}

}  // namespace

std::shared_ptr<const DnsProofSettings> read_dns_proof(const conf::Statement& statement, conf::Reader& reader) {
  using Read = bool (*)(const conf::Statement&, DnsProofSettings&, conf::Reader&);
  constexpr conf::Choice<Read> kWays[] = {{"update", read_update}, {"exec", read_exec}, {"http", read_http}};
  const auto read = reader.choice(statement.args[0], kWays);
  DnsProofSettings settings;
  if (!read || !(*read)(statement, settings, reader)) return nullptr;
  return std::make_shared<const DnsProofSettings>(std::move(settings));
}

std::vector<DnsProofWord> dns_proof_words() {
  std::vector<DnsProofWord> words;
  const auto add = [&](const auto& table) {
    for (const auto& row : table) words.push_back({row.name, row.synopsis, row.summary});
  };
  add(kUpdateWords);
  add(kExecWords);
  add(kHttpWords);
  add(kCommonWords);
  return words;
}

}  // namespace gate::app
