#include "app/quic_keys.h"

#include <span>
#include <string_view>

#include "base/text.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::size_t kBytes =
    sizeof(quic::ServerKeys::ids) + sizeof(quic::ServerKeys::resets) + sizeof(quic::ServerKeys::tokens);

}  // namespace

base::Result<quic::ServerKeys> load_quic_keys(const std::string& state_folder, base::Random& random) {
  const std::string path = state_folder + "/quic.key";
  // A file of another length is an accident's rest; clients lose nothing by new keys but their connections' ends.
  if (const auto text = os::read_file(path, kBytes); text && text->size() == kBytes) {
    GATE_TRY(os::check_private(path, "QUIC's keys"));
    quic::ServerKeys keys;
    base::ByteReader reader(base::as_bytes(*text));
    base::copy_bytes(keys.ids, *reader.bytes(keys.ids.size()));
    base::copy_bytes(keys.resets, *reader.bytes(keys.resets.size()));
    base::copy_bytes(keys.tokens, *reader.bytes(keys.tokens.size()));
    return keys;
  }
  const auto keys = quic::ServerKeys::generate(random);
  std::string text;
  for (const base::ByteView part :
       {base::ByteView(keys.ids), base::ByteView(keys.resets), base::ByteView(keys.tokens)}) {
    text += base::as_text(part);
  }
  GATE_TRY(os::write_file_atomically(path, text, 0600));
  return keys;
}

}  // namespace gate::app
