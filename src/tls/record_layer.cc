#include "tls/record_layer.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "tls/codes.h"
#include "tls/failure.h"

namespace gate::tls {
namespace {

constexpr std::byte kFatal{2};
constexpr std::byte kWarning{1};

// RFC 8446 4.6.3, with the header of RFC 8446 4: key_update, and a length of one.
constexpr std::array kKeyUpdateHead{std::byte{24}, std::byte{0}, std::byte{0}, std::byte{1}};
constexpr std::byte kUpdateNotRequested{0};
constexpr std::byte kUpdateRequested{1};

}  // namespace

// --- Reading

base::Result<Step> RecordLayer::read(Io& io, std::span<std::byte> into, std::size_t& count) {
  count = take_left(into);
  while (count < into.size()) {
    GATE_TRY_ASSIGN(const base::ByteView record, next_record(io));
    if (record.empty()) return count > 0 ? Step::kDone : Step::kNeedRead;
    const auto room = into.subspan(count);
    const bool fits = record.size() - kRecordHeaderBytes <= room.size() + Suite::kTagBytes;
    if (!fits && count > 0) break;  // it may fit when all of `into` is free
    GATE_TRY_ASSIGN(const Opened opened, open(io, record, fits ? room : left_.prepare(record.size())));
    drop(io, record);
    if (opened.type != ContentType::kApplicationData) {
      GATE_TRY_ASSIGN(const Step step, take_control(io, opened));
      if (step == Step::kEnd) return step;
    } else if (fits) {
      count += opened.content.size();
    } else {
      left_.commit(opened.content.size());
    }
    if (!fits) count += take_left(room);
  }
  return Step::kDone;
}

std::size_t RecordLayer::take_left(std::span<std::byte> into) {
  const std::size_t count = std::min(left_.size(), into.size());
  base::copy_bytes(into, left_.view().first(count));
  left_.consume(count);
  if (left_.empty() && left_.capacity() > 0) left_.release();
  return count;
}

// The next whole record, where it lies; to be dropped when it has been opened. Empty: there is none yet, and its
// beginning is kept.
base::Result<base::ByteView> RecordLayer::next_record(Io& io) {
  if (cut_.empty()) {
    GATE_TRY_ASSIGN(const std::size_t size, record_size(io, io.input));
    if (size > 0 && size <= io.input.size()) return io.input.first(size);
  }
  gather(io, kRecordHeaderBytes);
  GATE_TRY_ASSIGN(const std::size_t size, record_size(io, cut_.view()));
  gather(io, size);
  return size > 0 && size == cut_.size() ? cut_.view() : base::ByteView{};
}

// Header included; zero while the header is cut.
base::Result<std::size_t> RecordLayer::record_size(Io& io, base::ByteView bytes) {
  base::ByteReader reader(bytes);
  const auto type = reader.u8();
  const auto version = reader.u16();  // RFC 8446 5.2: "MUST be ignored for all purposes"
  const auto length = reader.u16();
  if (!type || !version || !length) return std::size_t{0};
  if (ContentType{*type} != ContentType::kApplicationData) {
    return fail(io, Alert::kUnexpectedMessage, kMalformed, "a record is not encrypted");
  }
  if (*length > kCiphertextBytesMax) {
    return fail(io, Alert::kRecordOverflow, kRecordTooLong, "encrypted length too long");
  }
  return kRecordHeaderBytes + *length;
}

// Keeps the first `size` bytes of a record, as far as they are there.
void RecordLayer::gather(Io& io, std::size_t size) {
  if (cut_.size() >= size || io.input.empty()) return;
  const auto more = io.input.first(std::min(size - cut_.size(), io.input.size()));
  cut_.append(more);
  io.input = io.input.subspan(more.size());
}

void RecordLayer::drop(Io& io, base::ByteView record) {
  if (cut_.empty()) {
    io.input = io.input.subspan(record.size());
  } else {
    cut_.release();
  }
}

// RFC 8446 5.2, 5.4. What comes back lies in `into`, and is allowed to come now.
base::Result<RecordLayer::Opened> RecordLayer::open(Io& io, base::ByteView record, std::span<std::byte> into) {
  const auto size = in_.open(record.first(kRecordHeaderBytes), record.subspan(kRecordHeaderBytes), into);
  if (!size) return fail(io, Alert::kBadRecordMac, kBadRecord, "decryption failed or bad record mac");
  // RFC 8446 5.4: padding included, the inner plaintext "MUST NOT exceed 2^14 + 1 octets".
  if (*size > kContentBytesMax + 1) return fail(io, Alert::kRecordOverflow, kRecordTooLong, "data length too long");
  std::size_t content_bytes = *size;
  while (content_bytes > 0 && into[content_bytes - 1] == std::byte{0}) --content_bytes;
  if (content_bytes == 0) return fail(io, Alert::kUnexpectedMessage, kMalformed, "a record of padding alone");
  const auto type = ContentType{std::to_integer<std::uint8_t>(into[--content_bytes])};
  const bool data = type == ContentType::kApplicationData;
  const bool control = type == ContentType::kAlert || type == ContentType::kHandshake;
  if (!data && (!control || content_bytes == 0)) {
    return fail(io, Alert::kUnexpectedMessage, kMalformed, "unexpected record");
  }
  if (message_bytes_ > 0 && type != ContentType::kHandshake) {
    return fail(io, Alert::kUnexpectedMessage, kMalformed, "a record within a handshake message");
  }
  idle_records_ = data && content_bytes > 0 ? 0 : idle_records_ + 1;
  if (idle_records_ > kIdleRecordsMax) {
    return fail(io, Alert::kUnexpectedMessage, kMalformed, "too many records without data");
  }
  return Opened{.type = type, .content = into.first(content_bytes)};
}

base::Result<Step> RecordLayer::take_control(Io& io, const Opened& opened) {
  return opened.type == ContentType::kAlert ? take_alert(io, opened.content) : take_handshake(io, opened.content);
}

// RFC 8446 6: whatever level it names, an alert other than these two is an error.
base::Result<Step> RecordLayer::take_alert(Io& io, base::ByteView content) {
  if (content.size() != 2) return fail(io, Alert::kDecodeError, kMalformed, "bad alert");
  const auto alert = Alert{std::to_integer<std::uint8_t>(content[1])};
  if (alert == Alert::kCloseNotify) return Step::kEnd;
  if (alert == Alert::kUserCanceled) return Step::kDone;
  return base::fail(alert_failure(static_cast<std::uint8_t>(alert)));
}

// A client has one message to send after the handshake, KeyUpdate, and RFC 8446 5.1 wants its end at that of a record.
base::Result<Step> RecordLayer::take_handshake(Io& io, base::ByteView content) {
  if (content.size() > message_.size() - message_bytes_) {
    return fail(io, Alert::kUnexpectedMessage, kMalformed, "a message that is no key update, or more behind one");
  }
  base::copy_bytes(std::span(message_).subspan(message_bytes_), content);
  message_bytes_ += static_cast<std::uint8_t>(content.size());
  const auto head = std::span(message_).first(std::min<std::size_t>(message_bytes_, kKeyUpdateHead.size()));
  if (head[0] != kKeyUpdateHead[0]) return fail(io, Alert::kUnexpectedMessage, kMalformed, "unexpected message");
  if (!std::ranges::equal(head, std::span(kKeyUpdateHead).first(head.size()))) {
    return fail(io, Alert::kDecodeError, kMalformed, "a key update of another length");
  }
  if (message_bytes_ < message_.size()) return Step::kDone;
  message_bytes_ = 0;
  return take_key_update(io);
}

base::Result<Step> RecordLayer::take_key_update(Io& io) {
  const std::byte request = message_.back();
  if (request != kUpdateNotRequested && request != kUpdateRequested) {
    return fail(io, Alert::kIllegalParameter, kMalformed, "a key update with a request of another value");
  }
  in_.update();
  answer_due_ |= request == kUpdateRequested;
  return Step::kDone;
}

// --- Writing

void RecordLayer::write(Io& io, base::ByteView plaintext) {
  GATE_CHECK(!closed_);
  while (!plaintext.empty()) {
    if (answer_due_ || out_.sequence() >= RecordKeys::kSealedMax) update_own_keys(io);
    const auto piece = plaintext.first(std::min(plaintext.size(), kContentBytesMax));
    seal(io, ContentType::kApplicationData, piece);
    plaintext = plaintext.subspan(piece.size());
  }
}

void RecordLayer::close(Io& io) { send_alert(io, Alert::kCloseNotify); }

// One answers all wishes for it that have come until then (RFC 8446 4.6.3).
void RecordLayer::update_own_keys(Io& io) {
  std::array<std::byte, kKeyUpdateBytes> message{};  // ends in kUpdateNotRequested
  base::copy_bytes(message, kKeyUpdateHead);
  seal(io, ContentType::kHandshake, message);
  out_.update();
  answer_due_ = false;
}

// RFC 8446 6.1: nothing follows a close_notify.
void RecordLayer::seal(Io& io, ContentType type, base::ByteView content) {
  if (closed_) return;
  if (!sealed_.empty()) {
    io.output.append(sealed_.view());
    sealed_.release();
  }
  io.output.commit(out_.seal(type, content, io.output.prepare(content.size() + kRecordOverheadBytes)));
}

// Each one that is sent here is the last.
void RecordLayer::send_alert(Io& io, Alert alert) {
  const std::array content{alert == Alert::kCloseNotify ? kWarning : kFatal,
                           std::byte{static_cast<std::uint8_t>(alert)}};
  seal(io, ContentType::kAlert, content);
  closed_ = true;
}

std::unexpected<base::Error> RecordLayer::fail(Io& io, Alert alert, base::ErrorCode code, std::string_view why) {
  send_alert(io, alert);
  return base::fail(failure_of(code, std::string(why)));
}

}  // namespace gate::tls
