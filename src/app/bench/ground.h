#pragma once

#include <string>

#include "app/configuration_source.h"
#include "app/settings.h"
#include "base/clock.h"
#include "base/result.h"
#include "os/scratch_folder.h"

namespace gate::app {

// What the server that is measured stands on: a folder of its own with state, files, certificates and logs, which goes
// with the object. Nothing outside of it is written.
class Ground {
 public:
  // Sites of the server, and files that they have.
  static constexpr const char* kPlain = "plain.localhost";    // ECDSA P-256
  static constexpr const char* kRsa = "rsa.localhost";        // RSA 2048
  static constexpr const char* kLogged = "logged.localhost";  // writes an access log
  static constexpr const char* kText = "text.localhost";      // compresses
  static constexpr const char* kSmallFile = "/small.txt";     // 300 bytes
  static constexpr const char* kTextFile = "/text.html";      // 50 kB
  static constexpr const char* kLargeFile = "/large.bin";     // 10 MB

  static base::Result<Ground> create(const base::Clock& clock);

  // What the server is to be: one worker on a free port of this machine's own address, with the sites above.
  LoadedConfiguration configuration() const;

 private:
  explicit Ground(os::ScratchFolder folder) : folder_(std::move(folder)) {}
  base::Result<void> write_files() const;
  base::Result<void> write_certificate(const std::string& name, const cert::PrivateKey& key, base::WallTime now) const;

  os::ScratchFolder folder_;
};

// Makes `own`, a configuration of the user's, what the server is to be: its ports, state, logs and authorities are not
// touched. Of its sites only the one called `site` is left, which is there, behind those of the ground; its statements
// and certificate files stay, but where an authority would have to be asked, a local one takes its place.
void stand_on(const Ground& ground, const std::string& site, Settings& own);

}  // namespace gate::app
