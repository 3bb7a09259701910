#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/certificates.h"
#include "app/settings.h"
#include "base/clock.h"
#include "cert/revocation.h"
#include "client/context.h"
#include "client/fetch.h"
#include "tls/staples.h"

namespace gate::app {

// Told of what becomes known of the own certificates.
class RevocationListener {
 public:
  // The site's certificate was revoked: it is to be replaced. Once a certificate.
  virtual void revoked(const std::string& site, std::string_view text) = 0;
  // What is to be shown with the certificates from now on.
  virtual void stapled(std::shared_ptr<const tls::Staples> staples) = 0;

 protected:
  ~RevocationListener() = default;
};

// Asks the authorities whether the own certificates were revoked, where these say whom to ask: OCSP, and revocation
// lists. Nothing that goes wrong here harms the serving: it is tried again later. Control thread only.
class RevocationWatch {
 public:
  static constexpr std::size_t kFetchesMax = 2;  // at a time

  // `folder` keeps the answers over restarts. Everything outlives it.
  RevocationWatch(client::Context& outside, const base::Clock& clock, RevocationListener& listener, std::string folder);
  ~RevocationWatch();

  // These certificates are served from now on.
  void adopt(const Settings& settings, const std::vector<SiteCredentials>& credentials);

  // Begins what is due, and takes out of the staples what is out of date.
  void maintain();

 private:
  enum class Way : std::uint8_t { kOcsp, kList };
  // One way to learn of a certificate, and when to go it next.
  struct Question {
    Way way;
    std::string url;
    base::WallTime due{};
    unsigned failures = 0;  // in a row
    std::unique_ptr<client::Fetch> fetch;
  };
  struct Subject {
    std::string site;
    cert::Certificate certificate;
    cert::Certificate issuer;
    std::vector<Question> questions;
    std::vector<std::byte> staple{};
    base::WallTime staple_until{};
    bool is_revoked = false;
  };

  static std::optional<Subject> subject_of(const std::string& site, const cert::Credential& credential);
  void recall(Subject& subject);
  void begin(Subject& subject, Question& question);
  void answered(Subject& subject, Question& question, base::Result<client::FetchResponse> response);
  base::Result<base::WallTime> take_ocsp(Subject& subject, base::ByteView body);
  base::Result<base::WallTime> take_list(Subject& subject, std::string_view body, const std::string& url);
  void note_revoked(Subject& subject, std::optional<base::WallTime> since);
  void publish();
  std::shared_ptr<const cert::Roots> roots_for(std::string_view url);
  std::string file_of(const Subject& subject) const;
  void forget_files() const;
  std::size_t under_way() const;

  client::Context& outside_;
  const base::Clock& clock_;
  RevocationListener& listener_;
  const std::string folder_;
  std::shared_ptr<const cert::Roots> roots_;
  std::map<std::string, std::unique_ptr<Subject>> subjects_;  // by fingerprint
};

}  // namespace gate::app
