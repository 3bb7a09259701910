#include "app/hsts_ramp.h"

#include "base/text.h"
#include "os/codes.h"
#include "os/file.h"

namespace gate::app {

base::Result<base::WallTime> hsts_ramp_began(const std::string& state_folder, const std::string& site,
                                             base::WallTime now) {
  constexpr std::size_t kFileBytesMax = 64;
  const std::string folder = state_folder + "/hsts";
  std::string file_name = site;
  for (char& c : file_name) c = c == '*' ? '_' : c == ':' ? '-' : c;
  const std::string path = folder + "/" + file_name;
  if (const auto text = os::read_file(path, kFileBytesMax)) {
    const auto seconds =
        base::parse_number<std::int64_t>(base::trimmed(std::string_view(*text).substr(0, text->find('\n'))));
    if (seconds) return base::WallTime(std::chrono::seconds(*seconds));
  }
  GATE_TRY(os::make_directories(folder, 0700));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  GATE_TRY(os::write_file_atomically(path, std::to_string(seconds.count()) + "\n", 0600));
  return base::WallTime(seconds);
}

}  // namespace gate::app
