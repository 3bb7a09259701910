#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace gate::app {

// The language of the admin socket: one line of JSON each way.
//
//   → {"command":"reload"}                      any further members are the command's arguments
//   ← {"progress":"3 connections left"}         none or more
//   ← {"result":{…}}                            or {"error":{"code":"G2107","side":"system","what":…,"why":…,"fix":…}}
//
// The server closes after its last line.
inline constexpr std::size_t kAdminRequestBytesMax = 64 * 1024;
inline constexpr std::size_t kAdminAnswerBytesMax = std::size_t{64} << 20;  // 100 000 sites' facts

// The object in a line; nothing for anything else.
std::optional<nlohmann::json> parse_object(std::string_view line);

// Lines with their newline. Bytes that are no UTF-8 are replaced.
std::string progress_line(std::string_view text);
std::string result_line(const nlohmann::json& result);
std::string error_line(const base::Error& error);

nlohmann::json to_json(const base::Error& error);
base::Error error_from_json(const nlohmann::json& json);

}  // namespace gate::app
