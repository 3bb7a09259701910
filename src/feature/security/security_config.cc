#include "feature/security/security_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "feature/security/codes.h"

namespace gate::security {
namespace {

using Words = std::span<const conf::Word>;

// https://hstspreload.org, "Submission Requirements": at least a year, with includeSubDomains.
constexpr std::chrono::seconds kPreloadMaxAge = std::chrono::days(365);

void leave_out(const conf::Word& name, std::vector<http::Field>& fields, conf::Reader& reader) {
  const auto is_named = [&name](const http::Field& field) { return base::equals_ignoring_case(field.name, name.text); };
  if (std::erase_if(fields, is_named) > 0 || std::ranges::any_of(kDefaultFields, is_named)) return;
  if (base::equals_ignoring_case(name.text, "strict-transport-security")) {
    reader.error(conf::kBadChoice, name, "this field has a statement of its own", "hsts off");
    return;
  }
  std::vector<std::string_view> names;
  for (const http::Field& field : kDefaultFields) names.push_back(http::field_display_name(field.id));
  reader.error(conf::kBadChoice, name, fmt::format("{} is not one of the default fields", conf::shown(name.text)),
               fmt::format("they are {}", fmt::join(names, ", ")));
}

// Takes "subdomains" and "preload" off the end of the words.
Words read_flags(Words words, HstsPolicy& hsts) {
  for (; !words.empty(); words = words.first(words.size() - 1)) {
    if (words.back().text == "subdomains") {
      hsts.subdomains = true;
    } else if (words.back().text == "preload") {
      hsts.preload = true;
    } else {
      break;
    }
  }
  return words;
}

void check_preload(const HstsPolicy& hsts, const conf::Statement& statement, conf::Reader& reader) {
  if (!hsts.preload || (hsts.subdomains && hsts.max_age >= kPreloadMaxAge)) return;
  reader.error(kBadHsts, statement.args.back(), "browsers' preload list would refuse this site",
               "\"preload\" needs \"subdomains\" and at least 1y");
}

}  // namespace

void read_security(conf::Context<SecurityPolicy>& context, const conf::Statement& statement) {
  static constexpr conf::Choice<bool> kSwitches[] = {{"off", false}};
  if (!context.reader.choice(statement.args[0], kSwitches)) return;
  if (statement.args.size() == 1) context.plan.fields.clear();
  for (const conf::Word& name : Words(statement.args).subspan(1)) leave_out(name, context.plan.fields, context.reader);
}

void read_hsts(conf::Context<SecurityPolicy>& context, const conf::Statement& statement) {
  HstsPolicy hsts;
  Words words = read_flags(statement.args, hsts);
  const bool is_ramp = !words.empty() && words[0].text == "ramp";
  const bool is_off = statement.args.size() == 1 && statement.args[0].text == "off";
  if (is_ramp) words = words.subspan(1);
  if (is_ramp) hsts.mode = HstsPolicy::Mode::kRamp;
  if (is_off) hsts.mode = HstsPolicy::Mode::kOff;
  if (words.size() > 1 || (words.empty() && !is_ramp)) {
    context.reader.error(conf::kWrongArgumentCount, words.empty() ? statement.name : words[1],
                         "this is not how hsts is set",
                         "usage: hsts off|DURATION|ramp [DURATION] [subdomains] [preload]");
    return;
  }
  if (!words.empty() && !is_off) {
    const auto max_age = context.reader.duration(words[0]);
    if (!max_age) return;
    hsts.max_age = std::chrono::duration_cast<std::chrono::seconds>(*max_age);
  }
  check_preload(hsts, statement, context.reader);
  context.plan.hsts = hsts;
}

}  // namespace gate::security
