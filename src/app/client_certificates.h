#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/read_settings.h"
#include "app/settings.h"
#include "conf/diagnostics.h"
#include "conf/reader.h"
#include "conf/tree.h"
#include "tls/client_demand.h"

namespace gate::app {

// `client-certificate require|request { … }` of a site.
std::optional<ClientCertificateSettings> read_client_certificates(const conf::Statement& statement,
                                                                  conf::Reader& reader);

std::vector<StatementHelp> client_certificate_help();

// What the files of `settings` come to at `now`. What is wrong with them is reported at their words, and then there is
// nothing.
std::optional<tls::ClientDemand> load_client_demand(const ClientCertificateSettings& settings, base::WallTime now,
                                                    conf::Diagnostics& diagnostics);

// The files of the statement, whose change must be noticed.
void add_files(const ClientCertificateSettings& settings, std::vector<std::string>& files);

}  // namespace gate::app
