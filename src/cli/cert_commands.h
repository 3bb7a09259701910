#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "base/result.h"
#include "cli/admin.h"
#include "cli/command.h"

// The commands of `gate443 cert`, a file each.
namespace gate::cli {

Command add_cert_list(Parser cert);
Command add_cert_show(Parser cert);
Command add_cert_plan(Parser cert);
Command add_cert_check(Parser cert);
Command add_cert_export(Parser cert);
Command add_cert_import(Parser cert);
Command add_cert_backup(Parser cert);
Command add_cert_restore(Parser cert);
Command add_cert_revoke(Parser cert);
Command add_cert_dns_record(Parser cert);

// The running server's certificates, or where none runs those that its state folder keeps: a line's worth of each, or
// all that is known of those that `name` belongs to.
base::Result<nlohmann::json> ask_certificates(const AdminOptions& options, const std::string& name);

// The day of a timestamp: "2026-11-22"; empty when there is none.
std::string day_of(const nlohmann::json& object, const char* member);

// The day and the minute: "2026-11-22 09:30".
std::string minute_of(const nlohmann::json& object, const char* member);

// What people call an issuer: the common name in "O=Example, CN=Example CA 1", or the whole.
std::string common_name(const std::string& distinguished_name);

// Cut to `columns` with "…" as its last, so that tables stay tables.
std::string fitted(const std::string& text, std::size_t columns);

}  // namespace gate::cli
