#include "app/revocation_watch.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "cert/codes.h"
#include "cert/crl.h"
#include "os/file.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kOcspBytesMax = 64 * 1024;
constexpr std::size_t kListBytesMax = 16 * 1024 * 1024;

// Between two questions, however often an authority would like to be asked.
constexpr base::Duration kPauseMin = 10min;
constexpr base::Duration kPauseMax = 24h;

// Responders that are down are left alone for longer and longer.
base::Duration pause_after(unsigned failures) {
  constexpr unsigned kDoublingsMax = 7;
  return std::min<base::Duration>(kPauseMin * (1U << std::min(failures, kDoublingsMax)), kPauseMax);
}

base::Error no_answer(const std::string& url, std::string why) {
  return {.code = cert::kBadRevocationAnswer,
          .side = base::Side::kUpstream,
          .what = fmt::format("{} does not tell whether a certificate is revoked", url),
          .why = std::move(why)};
}

std::string day_of(base::WallTime time) {
  return fmt::format("{:%Y-%m-%d}", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace

RevocationWatch::RevocationWatch(client::Context& outside, const base::Clock& clock, RevocationListener& listener,
                                 std::string folder)
    : outside_(outside), clock_(clock), listener_(listener), folder_(std::move(folder)) {}

RevocationWatch::~RevocationWatch() = default;

// Both ways need the certificate of the issuer, which signs what is said.
std::optional<RevocationWatch::Subject> RevocationWatch::subject_of(const std::string& site,
                                                                    const cert::Credential& credential) {
  if (credential.chain.size() < 2) return std::nullopt;
  auto [responders, lists] = cert::revocation_sources(credential.leaf());
  Subject subject{.site = site, .certificate = credential.leaf(), .issuer = credential.chain[1], .questions = {}};
  for (auto& url : responders)
    subject.questions.push_back({.way = Way::kOcsp, .url = std::move(url), .fetch = nullptr});
  for (auto& url : lists) subject.questions.push_back({.way = Way::kList, .url = std::move(url), .fetch = nullptr});
  if (subject.questions.empty()) return std::nullopt;
  return subject;
}

void RevocationWatch::adopt(const Settings& settings, const std::vector<SiteCredentials>& credentials) {
  decltype(subjects_) wanted;
  for (std::size_t i = 0; i < settings.sites.size(); ++i) {
    for (const auto& credential : credentials[i].credentials) {
      auto fingerprint = base::to_hex(credential.leaf().fingerprint());
      if (wanted.contains(fingerprint)) continue;
      if (auto known = subjects_.extract(fingerprint)) {
        wanted.insert(std::move(known));
      } else if (auto subject = subject_of(settings.sites[i].name(), credential)) {
        recall(*subject);
        wanted.emplace(std::move(fingerprint), std::make_unique<Subject>(*std::move(subject)));
      }
    }
  }
  const bool changed = !subjects_.empty() || !wanted.empty();
  subjects_ = std::move(wanted);
  if (!changed) return;
  forget_files();
  publish();
}

void RevocationWatch::maintain() {
  const base::WallTime now = clock_.wall();
  bool over = false;
  for (auto& [fingerprint, subject] : subjects_) {
    if (!subject->staple.empty() && subject->staple_until <= now) {
      subject->staple.clear();
      over = true;
    }
    for (auto& question : subject->questions) {
      if (under_way() >= kFetchesMax) break;
      // A time far ahead was written by a clock that was set wrong.
      const bool due = question.due <= now || question.due > now + 2 * kPauseMax;
      if (due && !question.fetch && !subject->is_revoked) begin(*subject, question);
    }
  }
  if (over) publish();
}

void RevocationWatch::begin(Subject& subject, Question& question) {
  auto roots = roots_for(question.url);
  if (question.url.starts_with("https:") && !roots) {
    question.due = clock_.wall() + kPauseMax;
    return;
  }
  question.fetch = std::make_unique<client::Fetch>(outside_, std::move(roots));
  client::FetchRequest request{.url = question.url, .redirects_max = 2};
  if (question.way == Way::kOcsp) {
    // RFC 6960 A.1.
    request.method = "POST";
    request.fields = {{"content-type", "application/ocsp-request"}, {"accept", "application/ocsp-response"}};
    request.body = cert::ocsp_request(subject.certificate, subject.issuer);
    request.response_bytes_max = kOcspBytesMax;
  } else {
    request.response_bytes_max = kListBytesMax;
  }
  // Both live as long as the fetch, which the question owns.
  question.fetch->start(std::move(request), [this, &subject, &question](base::Result<client::FetchResponse> response) {
    answered(subject, question, std::move(response));
  });
}

void RevocationWatch::answered(Subject& subject, Question& question, base::Result<client::FetchResponse> response) {
  const auto finished = std::move(question.fetch);
  const base::WallTime now = clock_.wall();
  base::Result<base::WallTime> next = base::fail(no_answer(question.url, "it cannot be reached"));
  if (response && response->status != 200) {
    next = base::fail(no_answer(question.url, fmt::format("it answers {}", response->status)));
  } else if (response) {
    next = question.way == Way::kOcsp ? take_ocsp(subject, base::as_bytes(response->body))
                                      : take_list(subject, response->body, question.url);
  }
  if (next) {
    question.failures = 0;
    question.due = std::clamp(*next, now + kPauseMin, now + kPauseMax);
  } else {
    question.due = now + pause_after(question.failures++);
  }
}

// When to ask again: after half of the time for which the answer holds.
base::Result<base::WallTime> RevocationWatch::take_ocsp(Subject& subject, base::ByteView body) {
  GATE_TRY_ASSIGN(const auto answer,
                  cert::read_ocsp_response(body, subject.certificate, subject.issuer, clock_.wall()));
  if (answer.status == cert::OcspAnswer::Status::kRevoked) {
    note_revoked(subject, answer.revoked_since);
    return answer.next_update;
  }
  if (answer.status == cert::OcspAnswer::Status::kGood) {
    subject.staple.assign(body.begin(), body.end());
    subject.staple_until = answer.next_update;
    // Without the file the next start asks anew; nothing else is lost.
    if (os::make_directories(folder_, 0700)) {
      static_cast<void>(os::write_file_atomically(file_of(subject), base::as_text(body), 0600));
    }
    publish();
  }
  return answer.this_update + (answer.next_update - answer.this_update) / 2;
}

base::Result<base::WallTime> RevocationWatch::take_list(Subject& subject, std::string_view body,
                                                        const std::string& url) {
  GATE_TRY_ASSIGN(const auto lists, cert::read_crls(body, url));
  const cert::Crl& list = lists.front();
  const base::WallTime now = clock_.wall();
  if (!list.is_signed_by(subject.issuer)) return base::fail(no_answer(url, "its list is of another authority"));
  if (list.next_update() && *list.next_update() <= now) return base::fail(no_answer(url, "its list is out of date"));
  if (const auto since = list.revoked_since(subject.certificate)) note_revoked(subject, since);
  return list.next_update().value_or(now + kPauseMax);
}

void RevocationWatch::note_revoked(Subject& subject, std::optional<base::WallTime> since) {
  if (std::exchange(subject.is_revoked, true)) return;
  if (!std::exchange(subject.staple, {}).empty()) publish();
  listener_.revoked(subject.site, fmt::format("the authority has revoked the certificate {}{}",
                                              subject.certificate.serial(), since ? " on " + day_of(*since) : ""));
}

// What was kept of an earlier run, as far as it still holds.
void RevocationWatch::recall(Subject& subject) {
  const auto text = os::read_file(file_of(subject), kOcspBytesMax);
  if (!text) return;
  const auto der = base::as_bytes(*text);
  const auto answer = cert::read_ocsp_response(der, subject.certificate, subject.issuer, clock_.wall());
  if (!answer || answer->status != cert::OcspAnswer::Status::kGood) return;
  subject.staple.assign(der.begin(), der.end());
  subject.staple_until = answer->next_update;
  for (auto& question : subject.questions) {
    if (question.way == Way::kOcsp)
      question.due = answer->this_update + (answer->next_update - answer->this_update) / 2;
  }
}

void RevocationWatch::publish() {
  auto staples = std::make_shared<tls::Staples>();
  for (const auto& [fingerprint, subject] : subjects_) {
    if (!subject->staple.empty()) staples->responses.emplace(subject->certificate.fingerprint(), subject->staple);
  }
  listener_.stapled(std::move(staples));
}

// The system's; null where it has none.
std::shared_ptr<const cert::Roots> RevocationWatch::roots_for(std::string_view url) {
  if (!url.starts_with("https:") || roots_) return roots_;
  if (auto roots = cert::Roots::system()) roots_ = std::make_shared<const cert::Roots>(*std::move(roots));
  return roots_;
}

std::string RevocationWatch::file_of(const Subject& subject) const {
  return fmt::format("{}/{}.der", folder_, base::to_hex(subject.certificate.fingerprint()));
}

// Of certificates that are served no longer.
void RevocationWatch::forget_files() const {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (!subjects_.contains(at->path().stem().string())) std::filesystem::remove(at->path(), ignored);
  }
}

std::size_t RevocationWatch::under_way() const {
  std::size_t count = 0;
  for (const auto& [fingerprint, subject] : subjects_) {
    count += static_cast<std::size_t>(
        std::ranges::count_if(subject->questions, [](const Question& each) { return each.fetch != nullptr; }));
  }
  return count;
}

}  // namespace gate::app
