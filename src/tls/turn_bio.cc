#include "tls/turn_bio.h"

#include <algorithm>

#include "base/check.h"
#include "cert/native.h"

namespace gate::tls {

namespace {

Turn& turn_of(BIO* bio) { return *static_cast<Turn*>(BIO_get_data(bio)); }

int read_input(BIO* bio, char* out, int size) {
  Turn& turn = turn_of(bio);
  BIO_clear_retry_flags(bio);
  const std::size_t count = std::min(static_cast<std::size_t>(size), turn.io.input.size());
  if (count == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  base::copy_bytes(std::as_writable_bytes(std::span(out, count)), turn.io.input.first(count));
  turn.io.input = turn.io.input.subspan(count);
  turn.facts.bytes_in += count;
  return static_cast<int>(count);
}

int write_output(BIO* bio, const char* data, int size) {
  Turn& turn = turn_of(bio);
  turn.io.output.append(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
  turn.facts.bytes_out += static_cast<std::size_t>(size);
  return size;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace

TurnBio::TurnBio() : method_(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "turn")) {
  GATE_CHECK(method_ != nullptr);
  GATE_CHECK(BIO_meth_set_read(method_.get(), read_input) && BIO_meth_set_write(method_.get(), write_output) &&
             BIO_meth_set_ctrl(method_.get(), control));
  bio_.reset(BIO_new(method_.get()));
  GATE_CHECK(bio_ != nullptr);
  BIO_set_init(bio_.get(), 1);
}

BIO* TurnBio::share() const {
  BIO_up_ref(bio_.get());
  return bio_.get();
}

}  // namespace gate::tls
