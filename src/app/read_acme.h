#pragma once

#include <vector>

#include "app/read_settings.h"
#include "app/settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// The block of `acme { … }` and of a site's `tls acme { … }`.
AcmeSettings read_acme(const conf::Statement& statement, conf::Reader& reader);

// `email ADDRESS`.
std::optional<std::string> read_email(const conf::Word& word, conf::Reader& reader);

// Gives sites of authorities what they do not say themselves: the server's `acme` statement, or the usual.
void complete_acme(Settings& settings, conf::Reader& reader);

// Whether a public authority may issue for a name (CA/Browser Forum Baseline Requirements 4.2.2): it is in the public
// DNS. Addresses may be too, but are not taken to be.
bool is_public_name(const conf::HostName& name);

std::vector<StatementHelp> acme_help();

// Whether the directory with this URL is one that the configuration has a name for: of an authority that everybody
// trusts, or of its double for trying.
bool is_named_authority(std::string_view directory);

}  // namespace gate::app
