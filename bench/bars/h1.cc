#include <string_view>

#include "base/buffer.h"
#include "base/text.h"
#include "bench/bars/stage.h"
#include "http/h1/wire.h"

namespace gate::bench {
namespace {

constexpr std::string_view kBrowserRequest =
    "GET /small.txt HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/css,*/*;q=0.1\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "\r\n";

class H1Client final : public Client {
 public:
  explicit H1Client(Stage& stage) : wire_(stage.context(), stage, stage.connection(), stage.limits(), stage) {}

  void serve() override {
    constexpr std::size_t kBudget = 64 * 1024;
    for (std::size_t i = 0; i < kStreams; ++i) {
      wire_.receive(base::as_bytes(kBrowserRequest));
      wire_.produce(out_, kBudget);
      wire_.note_progress(out_.size());
      out_.clear();
    }
  }

 private:
  base::Buffer out_;
  http::h1::Wire wire_;
};

}  // namespace

std::unique_ptr<Client> connect_h1(Stage& stage) { return std::make_unique<H1Client>(stage); }

}  // namespace gate::bench
