#pragma once

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace gate::os {

// Whether a system call changes a file or a folder, or makes sure that a change is on disk.
inline bool is_write(const __ptrace_syscall_info& info) {
  constexpr std::array kWrites{SYS_write,     SYS_pwrite64, SYS_writev,    SYS_rename,    SYS_renameat,
                               SYS_renameat2, SYS_unlink,   SYS_unlinkat,  SYS_mkdir,     SYS_mkdirat,
                               SYS_link,      SYS_linkat,   SYS_ftruncate, SYS_fsync,     SYS_fdatasync,
                               SYS_fchmod,    SYS_fchmodat, SYS_chmod,     SYS_fallocate, SYS_rmdir};
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
  const auto number = static_cast<long>(info.entry.nr);
  if (number == SYS_openat) return (info.entry.args[2] & O_CREAT) != 0;
  return std::ranges::find(kWrites, number) != kWrites.end();
}

// Runs `write` in a process of its own, which gets a SIGKILL where it is about to write for the `nth` time. Whether it
// was killed, rather than done. So a test kills what it tests at every write, with `nth` from 1 until this says false.
template <class Write>
bool killed_at(int nth, Write write) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    write();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD);
  while (nth > 0) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return false;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) return false;
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    if (is_write(info)) --nth;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return true;
}

}  // namespace gate::os
