#include "app/trust/root_pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cert/name_constraints.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr mode_t kMode = 0644;

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Trust this network's certificates</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem }
  h1 { font-size: 1.5rem; line-height: 1.2 }
  h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; overflow-wrap: anywhere }
  code { font-size: .85rem; display: block; white-space: pre-wrap; overflow-wrap: anywhere }
  a.get { display: block; text-align: center; text-decoration: none; font-weight: 600; margin: .75rem 0;
          padding: .75rem 1rem; border-radius: .5rem; background: #0b57d0; color: #fff }
  dt { opacity: .7; font-size: .85rem; margin-top: .5rem } dd { margin: 0 }
  ol, ul { padding-left: 1.25rem }
</style>
<h1>Trust this network’s certificates</h1>
<p>Whoever runs this network has its own certificate authority. A device that trusts its root opens the network’s sites
without a warning.
<p><strong>First compare the fingerprint below</strong> with the one that the administrator shows you. If a single sign
differs, install nothing.
)";

constexpr std::string_view kTail = R"(
<h2>iPhone, iPad, Mac</h2>
<a class="get" href="root.mobileconfig">Get the profile</a>
<ol>
  <li>Allow the download, then open Settings: “Profile Downloaded”, and install it.
  <li>iPhone and iPad: Settings, General, About, Certificate Trust Settings: switch it on.
</ol>
)";

constexpr std::string_view kOthers = R"(
<h2>Android, Windows, Linux</h2>
)";

constexpr std::string_view kOthersTail = R"(<ul>
  <li>Android: Settings, Security, Encryption &amp; credentials, Install a certificate, CA certificate.
  <li>Windows: open it, Install Certificate, store “Trusted Root Certification Authorities”.
  <li>Linux: copy it to <code>/usr/local/share/ca-certificates/</code> in PEM form, then <code>update-ca-certificates</code>
</ul>
</html>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string day(base::WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string may_sign(const cert::Certificate& root) {
  if (!cert::NameConstraints::are_stated_in(root)) return "any site of the internet";
  const auto constraints = cert::NameConstraints::of(root);
  std::vector<std::string> all = constraints.domains;
  all.insert(all.end(), constraints.blocks.begin(), constraints.blocks.end());
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string file_name(std::size_t number) {
  return number == 0 ? std::string("root.crt") : fmt::format("root-{}.crt", number + 1);
}

std::string page(std::span<const cert::Certificate> roots) {
  std::string text(kHead);
  for (const auto& root : roots) {
    text += fmt::format(
        "<h2>{}</h2>\n<dl><dt>Fingerprint (SHA-256)<dd><code>{}</code>\n<dt>Speaks for<dd>{}\n<dt>Until<dd>{}</dl>\n",
        escaped(root.subject()), fingerprint_lines(root), escaped(may_sign(root)), day(root.not_after()));
  }
  text += kTail;
  text += kOthers;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    text += fmt::format("<a class=\"get\" href=\"{}\">Get the certificate{}</a>\n", file_name(i),
                        roots.size() == 1 ? "" : fmt::format(" {} of {}", i + 1, roots.size()));
  }
  text += kOthersTail;
  return text;
}

// RFC 7468: what stands between the two lines of a PEM block.
std::string base64_of(const cert::Certificate& certificate) {
  const std::string pem = certificate.to_pem();
  const auto begin = pem.find('\n') + 1;
  std::string body = pem.substr(begin, pem.find("-----END") - begin);
  std::erase(body, '\n');
  return body;
}

// Of the form of a UUID, and the same each time, so that a profile replaces its predecessor.
std::string uuid_of(const cert::Certificate& certificate, char mark) {
  std::string hex = base::to_hex(std::span(certificate.fingerprint()).first<16>());
  hex.front() = mark;
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

std::string payload(const cert::Certificate& root, std::size_t number) {
  return fmt::format(
      "<dict><key>PayloadType</key><string>com.apple.security.root</string><key>PayloadVersion</key><integer>1</"
      "integer>"
      "<key>PayloadIdentifier</key><string>gate443.root.{0}</string><key>PayloadUUID</key><string>{0}</string>"
      "<key>PayloadDisplayName</key><string>{1}</string><key>PayloadCertificateFileName</key><string>{2}</string>"
      "<key>PayloadContent</key><data>{3}</data></dict>\n",
      uuid_of(root, 'a'), escaped(root.subject()), file_name(number), base64_of(root));
}

std::string profile(std::span<const cert::Certificate> roots) {
  std::string payloads;
  for (std::size_t i = 0; i < roots.size(); ++i) payloads += payload(roots[i], i);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
      "<plist version=\"1.0\"><dict>\n<key>PayloadType</key><string>Configuration</string>"
      "<key>PayloadVersion</key><integer>1</integer><key>PayloadIdentifier</key><string>gate443.{0}</string>"
      "<key>PayloadUUID</key><string>{0}</string><key>PayloadDisplayName</key><string>{1}</string>\n"
      "<key>PayloadContent</key><array>\n{2}</array>\n</dict></plist>\n",
      uuid_of(roots.front(), 'b'), escaped(roots.front().subject()), payloads);
}

}  // namespace

std::string fingerprint_lines(const cert::Certificate& certificate) {
  constexpr std::size_t kInALine = 16;
  std::string text;
  for (std::size_t i = 0; i < certificate.fingerprint().size(); ++i) {
    if (i > 0) text += i == kInALine ? '\n' : ':';
    text += fmt::format("{:02X}", std::to_integer<unsigned>(certificate.fingerprint()[i]));
  }
  return text;
}

base::Result<void> write_root_pages(const std::string& folder, std::span<const cert::Certificate> roots) {
  for (std::size_t i = 0; i < roots.size(); ++i) {
    GATE_TRY(os::write_file_atomically(folder + "/" + file_name(i), base::as_text(roots[i].der()), kMode));
  }
  GATE_TRY(os::write_file_atomically(folder + "/root.mobileconfig", profile(roots), kMode));
  return os::write_file_atomically(folder + "/index.html", page(roots), kMode);
}

}  // namespace gate::app
