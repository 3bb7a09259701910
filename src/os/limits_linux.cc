#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/file.h"
#include "os/limits.h"

namespace gate::os {

base::Result<std::uint64_t> raise_descriptor_limit(std::uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return base::fail(system_error(kDescriptorLimit, "cannot read the limit of open files"));
  }
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  // The hard limit may be raised by root alone; what is below it, by everybody.
  const rlimit both{.rlim_cur = wanted, .rlim_max = std::max<rlim_t>(wanted, limit.rlim_max)};
  if (::setrlimit(RLIMIT_NOFILE, &both) == 0) return wanted;
  const rlimit soft{.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max), .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &soft) == 0) return soft.rlim_cur;
  return base::fail(system_error(kDescriptorLimit, "cannot raise the limit of open files"));
}

std::uint64_t open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator folder("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<std::uint64_t>(std::distance(begin(folder), end(folder)));
}

std::uint64_t resident_bytes() {
  // proc(5): size and resident are the first two numbers, in pages.
  const auto text = read_file("/proc/self/statm", 4096);
  if (!text) return 0;
  std::string_view rest = *text;
  base::split_off(rest, ' ');
  const auto pages = base::parse_number<std::uint64_t>(base::split_off(rest, ' '));
  return pages.value_or(0) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace gate::os
