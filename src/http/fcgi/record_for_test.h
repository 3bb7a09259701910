#pragma once

#include <string>
#include <string_view>

namespace gate::http::fcgi::testing {

// One record as its bytes, with everything a test may get wrong.
struct RecordText {
  int type = 6;  // STDOUT
  std::string_view content{};
  int padding = 0;
  int version = 1;
  int id = 1;
};

inline std::string record(const RecordText& given) {
  const auto size = given.content.size();
  std::string bytes{static_cast<char>(given.version), static_cast<char>(given.type),
                    static_cast<char>(given.id >> 8), static_cast<char>(given.id),
                    static_cast<char>(size >> 8),     static_cast<char>(size),
                    static_cast<char>(given.padding), '\0'};
  bytes += given.content;
  return bytes + std::string(static_cast<std::size_t>(given.padding), 'p');
}

inline std::string stdout_record(std::string_view content, int padding = 0) {
  return record({.content = content, .padding = padding});
}
inline std::string stderr_record(std::string_view content) { return record({.type = 7, .content = content}); }
inline std::string end_record(char protocol_status = 0) {
  const std::string content{'\0', '\0', '\0', '\0', protocol_status, '\0', '\0', '\0'};
  return record({.type = 3, .content = content});
}

}  // namespace gate::http::fcgi::testing
