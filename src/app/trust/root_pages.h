#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "cert/certificate.h"

namespace gate::app {

// "9F:1C:…": the SHA-256 of the certificate as phones and browsers show it, in two lines of 16.
std::string fingerprint_lines(const cert::Certificate& certificate);

// Writes what a phone needs to trust `roots` into `folder`, which exists: index.html, a page with their fingerprints;
// root.crt, root-2.crt, … (DER); root.mobileconfig, a profile with all of them for Apple's systems. Readable by all,
// for a `files` statement.
base::Result<void> write_root_pages(const std::string& folder, std::span<const cert::Certificate> roots);

}  // namespace gate::app
