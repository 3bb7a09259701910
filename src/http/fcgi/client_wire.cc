#include "http/fcgi/client_wire.h"

#include <algorithm>

namespace gate::http::fcgi {

void ClientWire::begin_call() {
  head_.release();
  body_rest_.reset();
  discarded_bytes_ = 0;
}

void ClientWire::write_head(base::Buffer& out) {
  base::Buffer parameters;
  for (const Field& parameter : *call().request.parameters) {
    append_parameter(parameters, parameter.name, parameter.value);
  }
  append_begin_request(out, keeps_connection());
  append_stream(out, RecordType::kParameters, parameters.view());
  append_end(out, RecordType::kParameters);
}

BodyRead::State ClientWire::write_body(base::Buffer& out, std::size_t limit) {
  auto state = call().request.body ? BodyRead::State::kData : BodyRead::State::kEnd;
  while (state == BodyRead::State::kData && out.size() < limit) {
    const std::size_t room = std::min(limit - out.size(), kContentBytesMax);
    const auto record = out.prepare(kRecordHeaderBytes + room);
    const BodyRead read = call().request.body->read(record.subspan(kRecordHeaderBytes, room));
    if (read.count > 0) {
      write_record_header(record, RecordType::kStdin, read.count);
      out.commit(kRecordHeaderBytes + read.count);
      call().request_body_bytes += read.count;
    }
    state = read.state;
  }
  if (state == BodyRead::State::kEnd) append_end(out, RecordType::kStdin);
  return state;
}

}  // namespace gate::http::fcgi
