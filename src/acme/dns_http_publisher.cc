#include "acme/dns_http_publisher.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

#include "acme/dns_codes.h"

namespace gate::acme {

DnsHttpPublisher::DnsHttpPublisher(client::Context& context, HttpHookSettings settings)
    : settings_(std::move(settings)), fetch_(context, settings_.roots) {}

void DnsHttpPublisher::begin(const HookTask& task) {
  const auto action = to_string(task.action);
  const nlohmann::ordered_json body{{"action", action},
                                    {"name", task.value.name.to_string()},
                                    {"value", task.value.value},
                                    {"zone", task.value.zone.to_string()}};
  client::FetchRequest request{.method = "POST",
                               .url = settings_.url,
                               .fields = {{"content-type", "application/json"}},
                               .body = body.dump(),
                               .deadline = settings_.deadline};
  if (!settings_.token.empty()) request.fields.emplace_back("authorization", "Bearer " + settings_.token);
  fetch_.start(std::move(request), [this, action](const base::Result<client::FetchResponse>& response) {
    finished(judge(response, action));
  });
}

base::Result<> DnsHttpPublisher::judge(const base::Result<client::FetchResponse>& response,
                                       std::string_view action) const {
  if (response && response->status >= 200 && response->status < 300) return {};
  base::Error error{
      .code = kHttpHookFailed,
      .side = base::Side::kUpstream,
      .retry = base::Retry::kLater,
      .what = fmt::format("the server that makes DNS records did not do \"{}\": {}", action, settings_.url),
      .why = {},
      .fix = "see its log"};
  if (!response) {
    error.why = response.error().why.empty() ? response.error().what : response.error().why;
  } else {
    error.why = fmt::format("it answered with status {}", response->status);
    if (response->status == 401 || response->status == 403) error.fix = "give the token that it wants with \"token\"";
  }
  return base::fail(std::move(error));
}

}  // namespace gate::acme
