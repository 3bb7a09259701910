#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "cli/cert_commands.h"

namespace gate::cli {
namespace {

using nlohmann::json;

struct Options : AdminOptions {
  std::string name;
};

void line(std::string_view label, const std::string& text) {
  if (!text.empty()) fmt::print("  {:<8} {}\n", label, text);
}

void lines(std::string_view label, const json& texts) {
  for (const auto& each : texts) {
    line(label, each.get<std::string>());
    label = "";
  }
}

std::string joined(const json& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

void show_running(const json& running) {
  line("order", fmt::format("under way since {} at {}", minute_of(running, "since"), running.value("authority", "")));
  line("", running.value("doing", ""));
}

void show_order(const json& order) {
  line("CA", order.value("authority", ""));
  if (order.contains("window")) {
    const json& window = order.at("window");
    line("window", fmt::format("{} to {}", minute_of(window, "start"), minute_of(window, "end")));
    line("", window.value("explanation_url", ""));
  }
  if (!order.contains("last_failure")) return;
  const json& failure = order.at("last_failure");
  line("failed", fmt::format("{} in a row, the last on {}; next try {}", order.value("failures", 0U),
                             minute_of(failure, "at"), minute_of(failure, "next_try")));
  line("", failure.value("text", ""));
}

void show_chain(const json& chain) {
  std::string_view label = "chain";
  for (const auto& each : chain) {
    const std::string subject = each.value("subject", "");
    line(label, fmt::format("{}, {}, until {}", subject.empty() ? "itself" : common_name(subject),
                            each.value("key", ""), day_of(each, "not_after")));
    label = "";
  }
  if (!chain.empty()) line("", fmt::format("issued by {}", common_name(chain.back().value("issuer", ""))));
}

void show_history(const json& history) {
  std::string_view label = "history";
  for (const auto& each : history) {
    line(label,
         fmt::format("{} to {}  {}", day_of(each, "not_before"), day_of(each, "not_after"), each.value("serial", "")));
    label = "";
  }
}

void show_one(const json& each) {
  fmt::print("{}\n", each.value("site", ""));
  line("names", joined(each.at("names")));
  line("issuer", each.value("issuer", ""));
  line("key", each.value("key", ""));
  line("valid", minute_of(each, "not_before") + " to " + minute_of(each, "not_after"));
  if (each.contains("renewal"))
    line("renewal", fmt::format("{}: {}", minute_of(each, "renewal"), each.value("renewal_reason", "")));
  line("source", each.value("source", ""));
  line("file", each.value("file", ""));
  if (each.contains("running_order")) show_running(each.at("running_order"));
  if (each.contains("order")) show_order(each.at("order"));
  show_chain(each.at("chain"));
  line("serial", each.value("serial", ""));
  line("sha256", each.value("sha256", ""));
  line("logs", each.value("scts", 0U) == 0 ? "" : fmt::format("{} have promised to show it", each.value("scts", 0U)));
  lines("CRL", each.at("crl"));
  lines("OCSP", each.at("ocsp"));
  if (each.contains("history")) show_history(each.at("history"));
  std::string_view label = "wrong";
  for (const auto& finding : each.at("findings")) {
    line(label, finding.value("text", ""));
    label = "";
  }
}

int show(const Options& options) {
  const auto found = ask_certificates(options, options.name);
  if (!found) return fail(found.error(), options);
  if (options.json) {
    fmt::print("{}\n", found->dump());
  } else {
    for (const auto& each : *found) show_one(each);
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_cert_show(Parser cert) {
  auto options = std::make_shared<Options>();
  const Parser parser = cert.add_subcommand("show", "One of them, with all that is known");
  parser.add_option("NAME", options->name, "A site's name, or one the certificate is for").required();
  add_admin_options(parser, *options, "  gate443 cert show example.com\n  gate443 cert show localhost --json");
  return {parser, [options] { return show(*options); }};
}

}  // namespace gate::cli
