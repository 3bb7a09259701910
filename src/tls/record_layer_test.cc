#include "tls/record_layer.h"

#include <gtest/gtest.h>
#include <openssl/aead.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "tls/codes.h"

namespace gate::tls {
namespace {

constexpr std::uint16_t kSuites[] = {0x1301, 0x1302, 0x1303};
constexpr char kData = 23;
constexpr char kAlertType = 21;
constexpr char kHandshakeType = 22;

// In the order in which they stand here.
std::string joined(std::initializer_list<std::string> records) {
  std::string all;
  for (const std::string& each : records) all += each;
  return all;
}

std::string text_of(base::ByteView bytes) { return std::string(base::as_text(bytes)); }

// The other side of a direction, made of the cipher and RFC 8446 5 alone: seals any inner plaintext, opens any record.
class Peer {
 public:
  Peer(const Suite& suite, std::string secret, std::uint64_t sequence) : suite_(suite), secret_(std::move(secret)) {
    make_keys();
    sequence_ = sequence;
  }

  const std::string& secret() const { return secret_; }

  // A record of `inner`, which is content, type and padding.
  std::string seal(const std::string& inner) {
    const std::string header = header_of(inner.size() + Suite::kTagBytes);
    std::string sealed(inner.size() + Suite::kTagBytes, '\0');
    std::size_t size = 0;
    const auto nonce = next_nonce();
    GATE_CHECK(EVP_AEAD_CTX_seal(aead_.get(), octets(sealed), &size, sealed.size(), octets(nonce), nonce.size(),
                                 octets(inner), inner.size(), octets(header), header.size()));
    return header + sealed;
  }
  std::string data(const std::string& content, std::size_t padding = 0) {
    return seal(content + kData + std::string(padding, '\0'));
  }
  std::string alert(int description) { return seal({2, static_cast<char>(description), kAlertType}); }
  std::string handshake(const std::string& content) { return seal(content + kHandshakeType); }
  // And goes on with the keys it announces.
  std::string key_update(bool requested) {
    const std::string record = handshake({24, 0, 0, 1, static_cast<char>(requested)});
    update();
    return record;
  }

  // The inner plaintexts of whole records, without padding.
  std::vector<std::string> open_all(base::Buffer& records) {
    std::vector<std::string> all;
    while (!records.empty()) {
      all.push_back(open(records));
      // The server's keys go on behind a key update of its own.
      if (all.back().size() == 6 && all.back().back() == kHandshakeType) update();
    }
    return all;
  }

  void update() {
    std::string next(secret_.size(), '\0');
    expand_label(suite_.hash, base::as_bytes(secret_), "traffic upd", std::as_writable_bytes(std::span(next)));
    secret_ = next;
    make_keys();
  }

 private:
  static const std::uint8_t* octets(const std::string& text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
  }
  static std::uint8_t* octets(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

  static std::string header_of(std::size_t length) {
    return {kData, 3, 3, static_cast<char>(length >> 8), static_cast<char>(length)};
  }

  void make_keys() {
    std::string key(suite_.key_bytes, '\0');
    expand_label(suite_.hash, base::as_bytes(secret_), "key", std::as_writable_bytes(std::span(key)));
    expand_label(suite_.hash, base::as_bytes(secret_), "iv", std::as_writable_bytes(std::span(iv_)));
    aead_.Reset();
    GATE_CHECK(EVP_AEAD_CTX_init(aead_.get(), suite_.aead, octets(key), key.size(), Suite::kTagBytes, nullptr));
    sequence_ = 0;
  }

  std::string next_nonce() {
    std::string nonce = iv_;
    for (int i = 0; i < 8; ++i) nonce[11 - i] = static_cast<char>(nonce[11 - i] ^ (sequence_ >> (8 * i)));
    ++sequence_;
    return nonce;
  }

  std::string open(base::Buffer& records) {
    const std::string all = text_of(records.view());
    const auto length = static_cast<std::uint8_t>(all.at(3)) * 256U + static_cast<std::uint8_t>(all.at(4));
    const std::string sealed = all.substr(5, length);
    const std::string header = all.substr(0, 5);
    EXPECT_EQ(header, header_of(sealed.size()));
    std::string inner(length, '\0');
    std::size_t size = 0;
    const auto nonce = next_nonce();
    GATE_CHECK(EVP_AEAD_CTX_open(aead_.get(), octets(inner), &size, inner.size(), octets(nonce), nonce.size(),
                                 octets(sealed), sealed.size(), octets(header), header.size()));
    records.consume(5 + sealed.size());
    return inner.substr(0, size);
  }

  const Suite& suite_;
  std::string secret_;
  bssl::ScopedEVP_AEAD_CTX aead_;
  std::string iv_ = std::string(Suite::kIvBytes, '\0');
  std::uint64_t sequence_ = 0;
};

class RecordLayerTest : public ::testing::Test {
 protected:
  explicit RecordLayerTest(std::uint16_t suite = 0x1301) : suite_(*find_suite(suite)) { begin(); }

  // Anew, with a server that has sent so many records.
  void begin(std::uint64_t sent = 0) {
    client_.emplace(suite_, std::string(suite_.secret_bytes, 'c'), 0);
    server_.emplace(suite_, std::string(suite_.secret_bytes, 's'), sent);
    layer_.emplace(suite_, RecordLayer::Direction{base::as_bytes(client_->secret())},
                   RecordLayer::Direction{base::as_bytes(server_->secret()), sent});
    output_.clear();
  }

  // What comes out of these bytes, which arrive `piece` by `piece`, for a reader with so much room.
  std::string read(std::string_view bytes, std::size_t piece = SIZE_MAX, std::size_t room = Engine::kReadBytes) {
    std::string all;
    std::vector<std::byte> into(room);
    result_ = Step::kNeedRead;
    for (; !bytes.empty() && result_ == Step::kNeedRead; bytes.remove_prefix(std::min(piece, bytes.size()))) {
      Io io{base::as_bytes(bytes.substr(0, piece)), output_};
      do {
        std::size_t count = 0;
        result_ = layer_->read(io, into, count);
        all += text_of(std::span(into).first(count));
      } while (result_ == Step::kDone);
      EXPECT_TRUE(io.input.empty() || result_ != Step::kNeedRead);
    }
    return all;
  }

  void write(std::string_view text) {
    Io io{{}, output_};
    layer_->write(io, base::as_bytes(text));
  }
  void close() {
    Io io{{}, output_};
    layer_->close(io);
  }

  // Reading has failed with this code, and the alert says so to the peer.
  void expect_failure(base::ErrorCode code, Alert alert) {
    ASSERT_FALSE(result_.has_value());
    EXPECT_EQ(result_.error().code, code) << result_.error().why;
    EXPECT_EQ(server_->open_all(output_), std::vector<std::string>({{2, static_cast<char>(alert), kAlertType}}))
        << result_.error().why;
  }

  const Suite& suite_;
  std::optional<Peer> client_;
  std::optional<Peer> server_;
  std::optional<RecordLayer> layer_;
  base::Buffer output_;
  base::Result<Step> result_ = Step::kNeedRead;
};

class EachSuite : public RecordLayerTest, public ::testing::WithParamInterface<std::uint16_t> {
 protected:
  EachSuite() : RecordLayerTest(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Suites, EachSuite, ::testing::ValuesIn(kSuites));

TEST_P(EachSuite, carries_bytes_both_ways) {
  EXPECT_EQ(read(joined({client_->data("ping"), client_->data("again")})), "pingagain");
  write("pong");
  write("again");
  EXPECT_EQ(server_->open_all(output_), (std::vector{std::string("pong") + kData, std::string("again") + kData}));
}

TEST_P(EachSuite, goes_on_under_new_keys) {
  EXPECT_EQ(read(joined({client_->key_update(false), client_->data("new"), client_->key_update(false),
                         client_->data("newer")})),
            "newnewer");
  EXPECT_TRUE(output_.empty());
}

TEST_F(RecordLayerTest, writes_records_of_at_most_16_kib) {
  write(std::string(2 * kContentBytesMax + 1, 'x'));
  const auto records = server_->open_all(output_);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[1].size(), kContentBytesMax + 1);
  EXPECT_EQ(records[2].size(), 2U);
}

TEST_F(RecordLayerTest, takes_records_however_they_are_cut_and_whatever_the_room) {
  for (const std::size_t piece : {1, 2, 5, 7, 1000, 16'400, 100'000}) {
    for (const std::size_t room : {1, 3, 16'383, 16'384, 16'385, 16'640, 40'000}) {
      std::string sealed;
      std::string content;
      for (const std::size_t size : {1, 0, 16'384, 5, 16'384, 300}) {
        sealed += size == 5 ? joined({client_->key_update(false), client_->alert(90)}) : "";
        content += std::string(size, static_cast<char>('a' + size % 7));
        sealed += client_->data(std::string(size, static_cast<char>('a' + size % 7)), size == 300 ? 50 : 0);
      }
      EXPECT_EQ(read(sealed, piece, room), content) << piece << ", " << room;
      EXPECT_EQ(result_, Step::kNeedRead);
    }
  }
}

TEST_F(RecordLayerTest, drops_padding_up_to_the_longest_record) {
  EXPECT_EQ(read(joined({client_->data("x", 10), client_->data("y", kContentBytesMax - 1)})), "xy");
  EXPECT_EQ(result_, Step::kNeedRead);
  EXPECT_EQ(read(client_->data("z", kContentBytesMax)), "");
  expect_failure(kRecordTooLong, Alert::kRecordOverflow);
}

TEST_F(RecordLayerTest, refuses_padding_alone) {
  EXPECT_EQ(read(joined({client_->data("x"), client_->seal(std::string(20, '\0'))})), "x");
  expect_failure(kMalformed, Alert::kUnexpectedMessage);
}

TEST_F(RecordLayerTest, refuses_an_empty_inner_plaintext) {
  read(client_->seal(""));
  expect_failure(kMalformed, Alert::kUnexpectedMessage);
}

TEST_F(RecordLayerTest, refuses_longer_content_in_a_record_of_allowed_length) {
  EXPECT_EQ(read(client_->data(std::string(kContentBytesMax + 1, 'x'))), "");
  expect_failure(kRecordTooLong, Alert::kRecordOverflow);
}

TEST_F(RecordLayerTest, refuses_longer_records_by_their_header) {
  EXPECT_EQ(read(std::string("\x17\x03\x03\x41\x01", 5)), "");
  expect_failure(kRecordTooLong, Alert::kRecordOverflow);
}

TEST_F(RecordLayerTest, delivers_what_came_before_a_forged_record_and_nothing_of_it) {
  std::string forged = joined({client_->data("good"), client_->data("bad")});
  forged.back() = static_cast<char>(forged.back() ^ 1);
  EXPECT_EQ(read(forged), "good");
  expect_failure(kBadRecord, Alert::kBadRecordMac);
}

TEST_F(RecordLayerTest, refuses_a_record_that_is_repeated) {
  const std::string record = client_->data("once");
  EXPECT_EQ(read(record + record), "once");
  expect_failure(kBadRecord, Alert::kBadRecordMac);
}

TEST_F(RecordLayerTest, refuses_records_that_are_shorter_than_a_tag) {
  for (char length = 0; length < 16; ++length) {
    begin();
    read(std::string{kData, 3, 3, 0, length} + std::string(static_cast<std::size_t>(length), 'x'));
    expect_failure(kBadRecord, Alert::kBadRecordMac);
  }
}

TEST_F(RecordLayerTest, refuses_records_that_are_not_encrypted) {
  for (const std::string& record :
       {std::string("\x15\x03\x03\x00\x02\x01\x00", 7), std::string("\x14\x03\x03\x00\x01\x01", 6),
        std::string("\x16\x03\x03\x00\x05\x18\x00\x00\x01\x00", 10)}) {
    begin();
    read(record);
    expect_failure(kMalformed, Alert::kUnexpectedMessage);
  }
}

TEST_F(RecordLayerTest, refuses_content_of_other_types) {
  for (const char type : std::string{20, 24, 1, 99}) {
    begin();
    read(client_->seal(std::string("x") + type));
    expect_failure(kMalformed, Alert::kUnexpectedMessage);
  }
}

TEST_F(RecordLayerTest, refuses_handshake_records_and_alerts_without_content) {
  read(client_->handshake(""));
  expect_failure(kMalformed, Alert::kUnexpectedMessage);
  begin();
  read(client_->seal({kAlertType}));
  expect_failure(kMalformed, Alert::kUnexpectedMessage);
}

// --- Alerts

TEST_F(RecordLayerTest, ends_at_close_notify_and_may_still_be_written_to) {
  EXPECT_EQ(read(joined({client_->data("last words"), client_->alert(0)})), "last words");
  EXPECT_EQ(result_, Step::kEnd);
  write("still allowed");
  close();
  EXPECT_EQ(server_->open_all(output_),
            (std::vector{std::string("still allowed") + kData, std::string{1, 0, kAlertType}}));
}

TEST_F(RecordLayerTest, goes_on_when_the_user_has_cancelled) {
  EXPECT_EQ(read(joined({client_->alert(90), client_->data("x")})), "x");
}

TEST_F(RecordLayerTest, says_which_alert_has_come_and_answers_none) {
  read(client_->alert(48));
  ASSERT_FALSE(result_.has_value());
  EXPECT_EQ(result_.error().code, kAlertReceived);
  EXPECT_EQ(result_.error().what, "the peer refused: unknown CA");
  EXPECT_TRUE(output_.empty());
}

TEST_F(RecordLayerTest, refuses_alerts_of_another_length) {
  for (const std::string content : {"\1", "\1\1\1"}) {
    begin();
    read(client_->seal(content + kAlertType));
    expect_failure(kMalformed, Alert::kDecodeError);
  }
}

// --- Key updates

TEST_F(RecordLayerTest, answers_the_wish_for_new_keys_under_the_old_ones) {
  EXPECT_EQ(read(joined({client_->key_update(true), client_->data("new")})), "new");
  write("new as well");
  EXPECT_EQ(server_->open_all(output_),
            (std::vector{std::string{24, 0, 0, 1, 0, kHandshakeType}, std::string("new as well") + kData}));
}

TEST_F(RecordLayerTest, answers_once_for_many_wishes_and_with_what_it_says_next) {
  read(joined({client_->key_update(true), client_->key_update(true), client_->key_update(true)}));
  EXPECT_TRUE(output_.empty());
  write("x");
  write("y");
  EXPECT_EQ(server_->open_all(output_).size(), 3U);
}

TEST_F(RecordLayerTest, says_nothing_behind_its_close_notify) {
  close();
  server_->open_all(output_);
  read("rubbish");
  EXPECT_FALSE(result_.has_value());
  EXPECT_TRUE(output_.empty());
}

TEST_F(RecordLayerTest, answers_nothing_once_it_has_closed) {
  close();
  EXPECT_EQ(read(joined({client_->key_update(true), client_->data("x")})), "x");
  EXPECT_EQ(server_->open_all(output_).size(), 1U) << "close_notify";
}

TEST_F(RecordLayerTest, takes_a_key_update_in_pieces) {
  std::string records;
  for (const char octet : std::string{24, 0, 0, 1, 0}) records += client_->handshake({octet});
  client_->update();
  EXPECT_EQ(read(records + client_->data("new")), "new");
}

TEST_F(RecordLayerTest, refuses_data_within_a_message) {
  read(joined({client_->handshake({24, 0}), client_->data("x")}));
  expect_failure(kMalformed, Alert::kUnexpectedMessage);
}

TEST_F(RecordLayerTest, refuses_what_stands_behind_a_key_update_in_its_record) {
  read(client_->handshake({24, 0, 0, 1, 0, 24}));
  expect_failure(kMalformed, Alert::kUnexpectedMessage);
}

TEST_F(RecordLayerTest, refuses_other_messages) {
  for (const char type : std::string{0, 1, 4, 11, 20}) {
    begin();
    read(client_->handshake({type, 0, 0, 1, 0}));
    expect_failure(kMalformed, Alert::kUnexpectedMessage);
  }
}

TEST_F(RecordLayerTest, refuses_key_updates_that_are_malformed) {
  read(client_->handshake({24, 0, 0, 2}));
  expect_failure(kMalformed, Alert::kDecodeError);
  begin();
  read(client_->handshake({24, 0, 0, 1, 2}));
  expect_failure(kMalformed, Alert::kIllegalParameter);
}

TEST_F(RecordLayerTest, renews_its_keys_before_they_have_sealed_too_much) {
  begin(RecordKeys::kSealedMax - 1);
  write("last");
  write("first");
  EXPECT_EQ(server_->open_all(output_),
            (std::vector{std::string("last") + kData, std::string{24, 0, 0, 1, 0, kHandshakeType},
                         std::string("first") + kData}));
}

TEST_F(RecordLayerTest, ends_a_flood_of_records_without_data) {
  for (const auto& next : std::vector<std::function<std::string()>>{[this] { return client_->data(""); },
                                                                    [this] { return client_->key_update(true); },
                                                                    [this] { return client_->alert(90); }}) {
    begin();
    for (int round = 0; round < 3; ++round) {
      for (unsigned i = 0; i < RecordLayer::kIdleRecordsMax; ++i) read(next());
      ASSERT_EQ(read(client_->data("x")), "x");
    }
    server_->open_all(output_);
    for (unsigned i = 0; i < RecordLayer::kIdleRecordsMax; ++i) read(next());
    EXPECT_EQ(result_, Step::kNeedRead);
    server_->open_all(output_);
    read(next());
    expect_failure(kMalformed, Alert::kUnexpectedMessage);
  }
}

}  // namespace
}  // namespace gate::tls
