#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/internal_ca.h"
#include "cli/command.h"

// What the files of `gate443 ca` share.
namespace gate::cli::ca {

struct Options : CommonOptions {
  std::string state;
  // init
  std::string name = "Internal CA";
  std::vector<std::string> permit;
  bool permit_anything = false;
  std::uint32_t years = 10;
  std::string url;
  // issue
  std::vector<std::string> names;
  bool client = false;
  std::vector<std::string> mail_addresses;
  std::uint32_t days = 0;
  std::string folder = ".";
  std::string key;
  std::string request;
  std::string password;
  // list, show, revoke
  bool all = false;
  std::string which;
  std::string reason = "unspecified";

  std::string state_folder() const;
};

// The subcommands; each returns the exit code.
int init(const Options& options);
int show(const Options& options);
int set_url(const Options& options);
int issue(const Options& options);
int list(const Options& options);
int revoke(const Options& options);

base::Result<cert::InternalCa> open(const Options& options);

// Whether the URL can stand in certificates: kBadCaArgument when not.
base::Result<void> check_url(const std::string& url);

// The certificates that a serial number, the beginning of one, or a name stands for; the newest last.
std::vector<const cert::IssuedRecord*> find(const cert::InternalCa& ca, std::string_view which);

// "valid", "revoked", "ended".
std::string_view state_of(const cert::IssuedRecord& record, base::WallTime now);
nlohmann::json to_json(const cert::IssuedRecord& record, base::WallTime now);

std::string joined(const std::vector<std::string>& names);
std::string day(base::WallTime time);
void line(std::string_view label, std::string_view text);

}  // namespace gate::cli::ca
