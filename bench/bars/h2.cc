#include "base/buffer.h"
#include "base/text.h"
#include "bench/bars/stage.h"
#include "bench/h2_requests.h"
#include "http/h2/h2_wire.h"

namespace gate::bench {
namespace {

class H2Client final : public Client {
 public:
  explicit H2Client(Stage& stage) : wire_(stage.context(), stage, stage.connection(), stage.limits(), stage) {
    constexpr std::uint16_t kInitialWindowSize = 4;  // RFC 9113 6.5.2
    talk(h2::Client::greeting(h2::Client::setting(kInitialWindowSize, 0x7fff'ffff)));
    talk(h2::first_request());
  }

  void serve() override { talk(requests_.next()); }

 private:
  void talk(std::string_view bytes) {
    constexpr std::size_t kBudget = 64 * 1024;
    wire_.receive(base::as_bytes(bytes));
    do {
      out_.clear();
      wire_.produce(out_, kBudget);
      wire_.note_progress(out_.size());
    } while (!out_.empty());
  }

  h2::Requests requests_{Stage::kBodyBytes};
  base::Buffer out_;
  http::h2::H2Wire wire_;
};

static_assert(h2::kStreams == Client::kStreams);

}  // namespace

std::unique_ptr<Client> connect_h2(Stage& stage) { return std::make_unique<H2Client>(stage); }

}  // namespace gate::bench
