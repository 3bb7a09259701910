#include "feature/php/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "http/arena_text.h"
#include "http/claims.h"
#include "http/connection_fields.h"

namespace gate::php {
namespace {

using http::FieldId;

// A list whose names are as programs read them: fields know lower case alone.
class Parameters {
 public:
  Parameters(http::FieldList& list, base::Arena& arena) : list_(list), arena_(arena) {}

  // Both live as long as the exchange.
  void add(std::string_view name, std::string_view value) {
    list_.add(http::Field{.name = name, .value = value, .id = FieldId::kUnknown});
  }
  template <class Number>
  void add_number(std::string_view name, Number number) {
    add(name, arena_.copy(fmt::format("{}", number)));
  }
  void add_copy(std::string_view name, std::string_view value) { add(name, arena_.copy(value)); }

 private:
  http::FieldList& list_;
  base::Arena& arena_;
};

// RFC 3875 4.1.16 wants both numbers.
std::string_view protocol(http::Version version) {
  switch (version) {
    case http::Version::kHttp10: return "HTTP/1.0";
    case http::Version::kHttp11: return "HTTP/1.1";
    case http::Version::kHttp2: return "HTTP/2.0";
    case http::Version::kHttp3: return "HTTP/3.0";
  }
  return "HTTP/1.1";
}

// What has a variable of its own, or is said afresh: nobody stands before us whose word for it could be taken. "Proxy"
// would become HTTP_PROXY, which programs take for their configuration (CVE-2016-5385).
bool is_withheld(const http::Field& field) {
  switch (field.id) {
    case FieldId::kContentType:
    case FieldId::kExpect:
    case FieldId::kForwarded:
    case FieldId::kXRequestId: return true;
    default: break;
  }
  return field.name == "proxy" || field.name == "x-real-ip" || field.name.starts_with("x-forwarded-") ||
         http::claims_certificate(field.name);
}

// Names become variables by "-" → "_", and PHP makes "_" of still more: only with these are two names never the same.
bool is_unmistakable(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '-'; });
}

// RFC 3875 4.1.18: "http-scheme" "_", upper case, "-" replaced.
std::string variable_name(std::string_view field_name) {
  std::string name = "HTTP_";
  for (const char c : field_name) name += c == '-' ? '_' : static_cast<char>(base::is_alpha(c) ? c & ~0x20 : c);
  return name;
}

// RFC 3875 4.1.18: "If multiple header fields with the same field-name are received then the server MUST rewrite them
// as a single value having the same semantics."
std::string joined(std::span<const http::Field> fields, const http::Field& first) {
  const std::string_view separator = first.id == FieldId::kCookie ? "; " : ", ";
  std::string all(first.value);
  for (const auto& field : fields.subspan(static_cast<std::size_t>(&first - fields.data()) + 1)) {
    if (field.name != first.name) continue;
    all += separator;
    all += field.value;
  }
  return all;
}

void add_fields(const http::Exchange& exchange, base::Arena& arena, Parameters& parameters) {
  const auto& list = exchange.request.fields;
  const std::span<const http::Field> fields(list.begin(), list.size());
  const http::ListedByConnection listed(list);
  for (const auto& field : fields) {
    const bool passes = !http::is_of_connection(field.id) && !is_withheld(field) && is_unmistakable(field.name);
    if (!passes || listed(field.name)) continue;
    const auto* first = std::ranges::find(fields.data(), &field, field.name, &http::Field::name);
    if (first != &field) continue;  // joined already
    parameters.add(arena.copy(variable_name(field.name)), arena.copy(joined(fields, field)));
  }
  parameters.add("HTTP_X_REQUEST_ID", http::request_id_text(arena, exchange.id));
}

void add_content(const http::Request& request, Parameters& parameters) {
  if (request.content_length) parameters.add_number("CONTENT_LENGTH", *request.content_length);
  if (const auto* type = request.fields.find(FieldId::kContentType)) parameters.add("CONTENT_TYPE", type->value);
}

void add_script(const Script& script, base::Arena& arena, Parameters& parameters) {
  parameters.add("DOCUMENT_ROOT", script.folder);
  parameters.add("SCRIPT_FILENAME", script.file);
  parameters.add("SCRIPT_NAME", script.name);
  parameters.add("DOCUMENT_URI", http::join(arena, {script.name, script.path_info}));
  if (script.path_info.empty()) return;
  parameters.add("PATH_INFO", script.path_info);
  parameters.add("PATH_TRANSLATED", http::join(arena, {script.folder, script.path_info}));
}

void add_connection(const http::Exchange& exchange, Parameters& parameters) {
  const http::ConnectionInfo& connection = exchange.connection();
  const base::Endpoint client = exchange.client();
  parameters.add_copy("REMOTE_ADDR", client.address.to_string());
  if (client.port != 0) parameters.add_number("REMOTE_PORT", client.port);
  parameters.add_copy("SERVER_ADDR", connection.local.address.to_string());
  parameters.add_number("SERVER_PORT", connection.local.port);
  if (exchange.client_scheme() == "https") parameters.add("HTTPS", "on");
}

}  // namespace

void fill_parameters(http::Exchange& exchange, const Script& script, const PhpOptions& options, http::FieldList& list) {
  constexpr std::size_t kOwn = 24;
  const http::Request& request = exchange.request;
  list.reserve(request.fields.size() + options.environment.size() + kOwn);
  Parameters parameters(list, exchange.arena());
  parameters.add("GATEWAY_INTERFACE", "CGI/1.1");
  parameters.add("SERVER_SOFTWARE", "gate443");
  parameters.add("SERVER_PROTOCOL", protocol(request.version));
  parameters.add("SERVER_NAME", request.host);
  parameters.add("REQUEST_METHOD", request.method_text);
  parameters.add("REQUEST_SCHEME", exchange.client_scheme());
  parameters.add("REQUEST_URI", request.target);
  parameters.add("QUERY_STRING", request.query);
  // What php-cgi wants to see before it believes that it is called by a server.
  parameters.add("REDIRECT_STATUS", "200");
  add_content(request, parameters);
  add_script(script, exchange.arena(), parameters);
  add_connection(exchange, parameters);
  add_fields(exchange, exchange.arena(), parameters);
  for (const auto& [name, value] : options.environment) {
    list.remove(name);
    parameters.add(name, value);
  }
}

}  // namespace gate::php
