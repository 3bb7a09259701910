#include "http/match.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tls/client_certificate.h"
#include "tls/facts.h"

namespace gate::http {
namespace {

bool any_matches(const std::vector<Glob>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [text](const Glob& pattern) { return pattern.matches(text); });
}

// Takes one decoded character off the front of a query name or value. A malformed "%" stands for itself.
char take_decoded(std::string_view& text) {
  const char first = text[0];
  if (first == '%' && text.size() >= 3) {
    if (const auto byte = base::parse_number<std::uint8_t>(text.substr(1, 2), 16)) {
      text.remove_prefix(3);
      return static_cast<char>(*byte);
    }
  }
  text.remove_prefix(1);
  return first == '+' ? ' ' : first;
}

bool decodes_to(std::string_view encoded, std::string_view plain) {
  while (!encoded.empty() && !plain.empty()) {
    if (take_decoded(encoded) != plain[0]) return false;
    plain.remove_prefix(1);
  }
  return encoded.empty() && plain.empty();
}

bool holds(const PathIs& test, const Exchange& exchange) { return any_matches(test.patterns, exchange.request.path); }

bool holds(const MethodIs& test, const Exchange& exchange) {
  return std::ranges::find(test.names, exchange.request.method_text) != test.names.end();
}

bool holds(const HeaderIs& test, const Exchange& exchange) {
  return std::ranges::any_of(exchange.request.fields, [&test](const Field& field) {
    return field.name == test.name && (test.values.empty() || any_matches(test.values, field.value));
  });
}

bool holds(const QueryIs& test, const Exchange& exchange) {
  std::string_view rest = exchange.request.query;
  while (!rest.empty()) {
    std::string_view value = base::split_off(rest, '&');
    const std::string_view name = base::split_off(value, '=');
    if (decodes_to(name, test.name) && (!test.value || decodes_to(value, *test.value))) return true;
  }
  return false;
}

bool holds(const ClientIn& test, const Exchange& exchange) {
  const auto& address = exchange.client_address();
  return std::ranges::any_of(test.blocks, [&address](const base::Cidr& block) { return block.contains(address); });
}

bool holds(const CertificateNames& test, const Exchange& exchange) {
  const tls::Facts* facts = exchange.connection().tls;
  return facts && facts->client && std::ranges::any_of(facts->client->names, [&test](const std::string& name) {
           return any_matches(test.names, name);
         });
}

std::string text_of(const PathIs& test) {
  std::string text = "path";
  for (const Glob& pattern : test.patterns) text += " " + pattern.text();
  return text;
}

std::string text_of(const MethodIs& test) {
  std::string text = "method";
  for (const std::string& name : test.names) text += " " + name;
  return text;
}

std::string text_of(const HeaderIs& test) {
  std::string text = "header " + test.name;
  for (const Glob& value : test.values) text += " " + value.text();
  return text;
}

std::string text_of(const QueryIs& test) {
  return "query " + test.name + (test.value ? "=" + *test.value : std::string());
}

std::string text_of(const ClientIn& test) {
  std::string text = "from";
  for (const base::Cidr& block : test.blocks) text += " " + block.to_string();
  return text;
}

std::string text_of(const CertificateNames& test) {
  std::string text = "client-certificate";
  for (const Glob& name : test.names) text += " " + name.text();
  return text;
}

bool holds_always(const Matcher::Test& test) {
  const auto* path = std::get_if<PathIs>(&test);
  return path && std::ranges::any_of(path->patterns, &Glob::matches_everything);
}

}  // namespace

const Matcher::Condition* Matcher::first_unmet(const Exchange& exchange) const {
  const auto unmet = std::ranges::find_if(conditions_, [&exchange](const Condition& condition) {
    return std::visit([&exchange](const auto& test) { return holds(test, exchange); }, condition.test) !=
           condition.expected;
  });
  return unmet == conditions_.end() ? nullptr : &*unmet;
}

const PathIs* Matcher::required_path() const {
  for (const Condition& condition : conditions_) {
    const auto* path = std::get_if<PathIs>(&condition.test);
    if (path && condition.expected) return path;
  }
  return nullptr;
}

void Matcher::add(Test test, bool expected) {
  if (expected && holds_always(test)) return;
  conditions_.push_back({std::move(test), expected});
}

std::string to_string(const Matcher::Condition& condition) {
  const std::string text = std::visit([](const auto& test) { return text_of(test); }, condition.test);
  return condition.expected ? text : "not " + text;
}

}  // namespace gate::http
