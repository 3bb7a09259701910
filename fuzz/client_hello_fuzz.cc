// Whatever a client sends first: the parser stays inside the bytes, what it accepts is consistent, and JA4 has its
// form. The same bytes then go to a whole server engine, which may wait or fail and nothing else; and to one that gets
// certificates on demand.
#include <openssl/rand.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/text.h"
#include "cert/issue.h"
#include "cert/native.h"
#include "tls/client_hello.h"
#include "tls/engine.h"
#include "tls/on_demand_table.h"
#include "tls/server_context.h"

namespace {

using namespace gate;
using namespace std::chrono_literals;

class Random final : public base::Random {
  void fill(std::span<std::byte> bytes) override { RAND_bytes(cert::native_data(bytes), bytes.size()); }
};

// Names become folders, and parts of URLs.
class Asker final : public tls::NameAsker {
 public:
  void ask(const std::string& name) override {
    asked = name;
    const bool plain = std::ranges::all_of(
        name, [](char c) { return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '-' || c == '.'; });
    GATE_CHECK(plain && name.size() <= 253 && name.contains('.') && !name.starts_with('.') && !name.contains(".."));
  }
  std::string asked;
};

std::shared_ptr<tls::ServerContext> make_server(const base::Clock& clock, bool on_demand) {
  Random random;
  const auto now = clock.wall();
  cert::PrivateKey key = cert::PrivateKey::generate();
  const std::vector<std::string> names{"localhost"};
  std::vector<cert::Certificate> chain{cert::make_self_signed(key, names, {now, now + 24h})};
  const cert::Credential credential{std::move(chain), std::move(key)};
  tls::ServerSettings settings{.ticket_keys = tls::TicketKeys::generate(random, now)};
  settings.sites.push_back({.names = names, .credentials = {&credential}, .is_default = true, .on_demand = on_demand});
  return *tls::ServerContext::create(settings);
}

void try_parser(base::ByteView body) {
  const auto hello = tls::parse_client_hello(body);
  if (!hello) return;
  GATE_CHECK(hello->suites.size() % 2 == 0 && hello->groups.size() % 2 == 0);
  GATE_CHECK(hello->server_name.empty() || hello->has_server_name);
  GATE_CHECK(hello->server_name.size() <= 255);
  const auto ja4 = tls::ja4_of(*hello);
  GATE_CHECK(ja4.view().size() == tls::Ja4::kSize && ja4.text[10] == '_' && ja4.text[23] == '_');
  (void)(hello->has_key_share(0x001d) && hello->offers_version(hello->version_max()));
}

void try_engine(base::ByteView bytes) {
  static const base::SystemClock clock;
  static const auto server = make_server(clock, false);
  tls::Engine engine(server, *base::IpAddress::parse("127.0.0.1"), clock);
  base::Buffer output;
  tls::Io io{bytes, output};
  const tls::Step step = engine.handshake(io);
  GATE_CHECK(step == tls::Step::kNeedRead || step == tls::Step::kFailed);
  GATE_CHECK(step == tls::Step::kFailed || io.input.empty());
}

// A handshake that waits for a certificate which never comes.
void try_on_demand(base::ByteView bytes) {
  static const base::SystemClock clock;
  static const auto server = make_server(clock, true);
  static Asker asker;
  static const auto table = std::make_shared<tls::OnDemandTable>(asker, clock);
  server->use_on_demand(table);
  tls::Engine engine(server, *base::IpAddress::parse("127.0.0.1"), clock);
  base::Buffer output;
  tls::Io io{bytes, output};
  if (engine.handshake(io) != tls::Step::kNeedName) return;
  engine.stop_waiting();
  GATE_CHECK(engine.handshake(io) == tls::Step::kFailed);
  table->note(asker.asked, tls::NameStanding::kBusy, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeaders = 5 + 4;  // of the record and of the message
  const auto bytes = cert::native_bytes(data, size);
  if (size > kHeaders) try_parser(bytes.subspan(kHeaders));
  try_engine(bytes);
  try_on_demand(bytes);
  return 0;
}
