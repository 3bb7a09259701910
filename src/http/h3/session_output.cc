#include <algorithm>

#include "http/h3/session.h"
#include "http/h3/varint.h"

namespace gate::http::h3 {
namespace {

// What one stream, and all of them, may hold of what the client has not acknowledged: as much as the network may carry
// at once to a fast client far away, and what a client can cost us by taking nothing.
constexpr std::size_t kStreamHeldBytesMax = 2 * 1024 * 1024;
constexpr std::size_t kConnectionHeldBytesMax = 4 * 1024 * 1024;

// Where less than a packet is left to send, the body is asked for more: a short response goes out in one piece, its end
// with it.
constexpr std::size_t kPacketBytes = 1500;

// Less room than this is not worth a frame.
constexpr std::size_t kDataRoomMin = 512;

}  // namespace

// --- frames

void Session::append_frame(OneWay& stream, FrameType type, base::ByteView payload) {
  const auto number = static_cast<std::uint64_t>(type);
  const auto room = stream.bytes.room(kFrameHeaderBytesMax + payload.size());
  const std::size_t type_bytes = varint_size(number);
  const std::size_t length_bytes = varint_size(payload.size());
  write_varint(number, type_bytes, room);
  write_varint(payload.size(), length_bytes, room.subspan(type_bytes));
  base::copy_bytes(room.subspan(type_bytes + length_bytes), payload);
  stream.bytes.commit(type_bytes + length_bytes + payload.size());
}

// HEADERS. Their length stands before they are encoded, so it gets the octets of the longest they can be.
void Session::append_section(RequestStream& stream, std::span<const Field> lines) {
  const std::size_t bound = qpack::Encoder::bound(lines);
  const std::size_t header_bytes = 1 + varint_size(bound);
  const auto room = stream.bytes.room(header_bytes + bound);
  const std::size_t size = encoder_.encode(lines, room.subspan(header_bytes));
  room[0] = static_cast<std::byte>(FrameType::kHeaders);
  write_varint(size, header_bytes - 1, room.subspan(1));
  stream.bytes.commit(header_bytes + size);
  held_ += header_bytes + size;
  if (base::Buffer& instructions = encoder_.instructions(); !instructions.empty()) {
    encoder_out_.bytes.append(instructions.view());
    instructions.release();
  }
}

void Session::submit_head(Stream& stream, std::span<const Field> lines, bool has_body) {
  RequestStream* found = find(stream);
  if (!found || found->write_shut) return;
  append_section(*found, lines);
  found->has_body = has_body;
  found->said_all = !has_body;
  schedule(*found);
}

void Session::submit_interim(Stream& stream, std::span<const Field> lines) {
  RequestStream* found = find(stream);
  if (!found || found->write_shut) return;
  append_section(*found, lines);
  schedule(*found);
}

void Session::resume(Stream& stream) {
  RequestStream* found = find(stream);
  if (!found) return;
  found->has_body = !found->said_all;
  schedule(*found);
}

// --- whose turn it is

void Session::schedule(RequestStream& stream) {
  if (stream.blocked || stream.write_shut || stream.said_end) return;
  if (stream.has_body || stream.said_all || stream.bytes.unsent() > 0) order_.add(stream);
}

bool Session::may_pull(const RequestStream& stream) const {
  return held_ < kConnectionHeldBytesMax && stream.bytes.held() < kStreamHeldBytesMax;
}

void Session::feed_the_starved() {
  if (held_ >= kConnectionHeldBytesMax) return;
  while (!starved_.empty()) schedule(starved_.pop_front());
}

quic::StreamOutput Session::next_output() {
  if (broken_) return {};
  for (OneWay* own : {&control_, &encoder_out_, &decoder_out_}) {
    if (!own->blocked && own->bytes.unsent() > 0) return output_of(own->bytes, own->id, false);
  }
  while (RequestStream* stream = order_.first()) {
    if (stream->bytes.unsent() < kPacketBytes && !pull(*stream)) return {};
    if (stream->bytes.unsent() > 0 || stream->said_all) return output_of(stream->bytes, stream->id, stream->said_all);
    Order::remove(*stream);
  }
  return {};
}

quic::StreamOutput Session::output_of(const SentBytes& bytes, quic::StreamId id, bool said_all) {
  quic::StreamOutput output{.stream = id};
  output.count = bytes.unsent(output.pieces);
  output_stream_ = id;
  output_bytes_ = 0;
  for (const auto piece : std::span(output.pieces).first(output.count)) output_bytes_ += piece.size();
  output.last = output_ends_ = said_all && output_bytes_ == bytes.unsent();
  return output;
}

// A DATA frame, where the body has something. False when it has failed, and everything is to be looked at anew.
bool Session::pull(RequestStream& stream) {
  if (!stream.has_body || !stream.exchange) return true;
  if (!may_pull(stream)) {
    const base::ListNode<StarvedStreams>& node = stream;
    if (!node.linked()) starved_.push_back(stream);
    return true;
  }
  const auto room = stream.bytes.room(kDataRoomMin);
  // The frame's length stands before it is known, so it gets the octets of the longest it can be.
  const std::size_t length_bytes = varint_size(room.size());
  const std::size_t header_bytes = 1 + length_bytes;
  const auto content = room.subspan(header_bytes);
  const Pulled pulled = events_.pull_data(stream, content);
  const BodyRead read = pulled.read;
  if (read.state == BodyRead::State::kWait || read.state == BodyRead::State::kFailed) {
    stream.has_body = false;
    return read.state == BodyRead::State::kWait;
  }
  if (read.count > 0) {
    room[0] = static_cast<std::byte>(FrameType::kData);
    write_varint(read.count, length_bytes, room.subspan(1));
    stream.bytes.commit(header_bytes + read.count);
    held_ += header_bytes + read.count;
  }
  if (read.state != BodyRead::State::kEnd) return true;
  if (!pulled.trailers.empty()) append_section(stream, pulled.trailers);
  stream.has_body = false;
  stream.said_all = true;
  return true;
}

// --- what became of it

Session::OneWay* Session::find_own(quic::StreamId id) {
  for (OneWay* own : {&control_, &encoder_out_, &decoder_out_}) {
    if (own->id == id) return own;
  }
  return nullptr;
}

void Session::taken(quic::StreamId id, std::size_t count) {
  if (broken_) return;
  if (OneWay* own = find_own(id)) return own->bytes.take(count);
  RequestStream* stream = find(id);
  if (!stream) return;
  stream->bytes.take(count);
  const bool whole = id == output_stream_ && count == output_bytes_;
  if (whole && output_ends_) {
    stream->said_end = true;
    Order::remove(*stream);
    if (stream->exchange) events_.response_sent(*stream);
  } else if (Order::linked(*stream)) {
    order_.give_way(*stream);
  }
}

void Session::acknowledged(quic::StreamId id, std::uint64_t count) {
  if (broken_) return;
  if (OneWay* own = find_own(id)) return own->bytes.release(static_cast<std::size_t>(count));
  RequestStream* stream = find(id);
  if (!stream) return;
  stream->bytes.release(static_cast<std::size_t>(count));
  held_ -= static_cast<std::size_t>(count);
  feed_the_starved();
}

void Session::block(quic::StreamId id) {
  if (OneWay* own = find_own(id)) own->blocked = true;
  RequestStream* stream = find(id);
  if (!stream) return;
  stream->blocked = true;
  Order::remove(*stream);
}

void Session::unblock(quic::StreamId id) {
  if (OneWay* own = find_own(id)) own->blocked = false;
  RequestStream* stream = find(id);
  if (!stream) return;
  stream->blocked = false;
  schedule(*stream);
}

void Session::shut_writing(quic::StreamId id) {
  RequestStream* stream = find(id);
  if (!stream) return;
  stream->write_shut = true;
  Order::remove(*stream);
}

void Session::open_window(Stream& stream, std::size_t count) {
  release(static_cast<quic::StreamId>(stream.id()), count);
}

void Session::open_connection_window(std::size_t count) { transport_.release_connection(count); }

bool Session::window_shut(const Stream& stream) const {
  return transport_.window_shut(static_cast<quic::StreamId>(stream.id()));
}

}  // namespace gate::http::h3
