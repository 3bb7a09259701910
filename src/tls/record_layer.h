#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tls/engine.h"
#include "tls/record_keys.h"

namespace gate::tls {

// The descriptions of alerts (RFC 8446 6) that mean something here. Others come from outside as well.
enum class Alert : std::uint8_t {
  kCloseNotify = 0,
  kUnexpectedMessage = 10,
  kBadRecordMac = 20,
  kRecordOverflow = 22,
  kIllegalParameter = 47,
  kDecodeError = 50,
  kUserCanceled = 90,
};

// The server's end of a TLS 1.3 connection whose handshake is over: records, alerts and key updates (RFC 8446 4.6.3, 5,
// 6). It goes on where the TLS library has stopped, with a third of the library's memory, and holds no buffer but for
// a record that is cut. Belongs to one worker.
class RecordLayer {
 public:
  // Records without application data, one after the other. They cost us more than the client; more are an attack.
  static constexpr unsigned kIdleRecordsMax = 32;

  // A direction as it is: its traffic secret, and the number of its next record.
  struct Direction {
    base::ByteView secret;
    std::uint64_t sequence = 0;
  };

  // `sealed` is still to be sent, before anything else.
  RecordLayer(const Suite& suite, const Direction& in, const Direction& out, base::Buffer sealed = {})
      : in_(suite, in.secret, in.sequence), out_(suite, out.secret, out.sequence), sealed_(std::move(sealed)) {}

  // Decrypts into `into` as much as there is and fits; `count` is the number of bytes delivered, whatever is returned:
  // kDone, kNeedRead, kEnd, or an error, behind which nothing is to be read or written; the alert that tells the peer
  // is in the output.
  base::Result<Step> read(Io& io, std::span<std::byte> into, std::size_t& count);

  // Encrypts all of `plaintext` into the output. Not after close().
  void write(Io& io, base::ByteView plaintext);

  // Says close_notify. Reading stays possible.
  void close(Io& io);

 private:
  struct Opened {
    ContentType type;
    std::span<std::byte> content;
  };

  base::Result<base::ByteView> next_record(Io& io);
  base::Result<std::size_t> record_size(Io& io, base::ByteView bytes);
  void gather(Io& io, std::size_t size);
  void drop(Io& io, base::ByteView record);
  base::Result<Opened> open(Io& io, base::ByteView record, std::span<std::byte> into);
  std::size_t take_left(std::span<std::byte> into);
  base::Result<Step> take_control(Io& io, const Opened& opened);
  base::Result<Step> take_alert(Io& io, base::ByteView content);
  base::Result<Step> take_handshake(Io& io, base::ByteView content);
  base::Result<Step> take_key_update(Io& io);
  void update_own_keys(Io& io);
  void seal(Io& io, ContentType type, base::ByteView content);
  void send_alert(Io& io, Alert alert);
  std::unexpected<base::Error> fail(Io& io, Alert alert, base::ErrorCode code, std::string_view why);

  static constexpr std::size_t kKeyUpdateBytes = 5;

  RecordKeys in_;
  RecordKeys out_;
  base::Buffer sealed_;  // to go before the next record
  base::Buffer cut_;     // the beginning of a record; empty otherwise
  base::Buffer left_;    // application data that did not fit
  std::array<std::byte, kKeyUpdateBytes> message_{};
  std::uint8_t message_bytes_ = 0;  // of a KeyUpdate that is not complete
  std::uint8_t idle_records_ = 0;
  bool answer_due_ = false;  // the peer wishes for new keys; it gets them with what is written next
  bool closed_ = false;
};

}  // namespace gate::tls
