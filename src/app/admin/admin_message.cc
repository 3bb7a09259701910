#include "app/admin/admin_message.h"

#include <nlohmann/json.hpp>

#include <array>

#include "base/text.h"

namespace gate::app {
namespace {

using nlohmann::json;

std::string to_line(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace) + '\n'; }

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

base::Side side_of(std::string_view name) {
  constexpr std::array kSides{base::Side::kClient, base::Side::kUpstream, base::Side::kSelf, base::Side::kConfiguration,
                              base::Side::kSystem};
  for (const base::Side side : kSides) {
    if (to_string(side) == name) return side;
  }
  return base::Side::kSelf;
}

}  // namespace

std::optional<json> parse_object(std::string_view line) {
  json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

std::string progress_line(std::string_view text) { return to_line({{"progress", text}}); }

std::string result_line(const json& result) { return to_line({{"result", result}}); }

std::string error_line(const base::Error& error) { return to_line({{"error", to_json(error)}}); }

json to_json(const base::Error& error) {
  json result{{"code", to_string(error.code)}, {"side", to_string(error.side)}, {"what", error.what}};
  if (!error.why.empty()) result["why"] = error.why;
  if (!error.fix.empty()) result["fix"] = error.fix;
  return result;
}

base::Error error_from_json(const json& json) {
  const std::string code = text_of(json, "code");
  const auto number = base::parse_number<std::uint16_t>(std::string_view(code).substr(code.empty() ? 0 : 1));
  return {.code = {number.value_or(0)},
          .side = side_of(text_of(json, "side")),
          .what = text_of(json, "what"),
          .why = text_of(json, "why"),
          .fix = text_of(json, "fix")};
}

}  // namespace gate::app
