#include "app/read_log.h"

namespace gate::app {

std::optional<LogSettings> read_access_log(const conf::Statement& statement, conf::Reader& reader) {
  constexpr conf::Choice<observe::AccessFormat> kFormats[] = {{"json", observe::AccessFormat::kJson},
                                                              {"combined", observe::AccessFormat::kCombined}};
  LogSettings log;
  const auto& where = statement.args[0];
  if (statement.args.size() > 1) {
    const auto format = reader.choice(statement.args[1], kFormats);
    if (!format) return std::nullopt;
    log.format = *format;
  }
  if (where.text == "off") return log;
  if (where.text == "stdout") {
    log.kind = LogSettings::Kind::kStdout;
    return log;
  }
  const auto path = reader.path(where);
  if (!path) return std::nullopt;
  log.kind = LogSettings::Kind::kFile;
  log.path = *path;
  return log;
}

std::optional<LogSettings> read_audit_log(const conf::Statement& statement, conf::Reader& reader) {
  const auto& where = statement.args[0];
  if (where.text == "off") return LogSettings{};
  if (where.text == "stderr") return LogSettings{.kind = LogSettings::Kind::kStderr, .path = {}};
  const auto path = reader.path(where);
  if (!path) return std::nullopt;
  return LogSettings{.kind = LogSettings::Kind::kFile, .path = *path};
}

}  // namespace gate::app
