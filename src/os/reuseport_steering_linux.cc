#include <linux/filter.h>
#include <sys/socket.h>

#include <limits>
#include <vector>

#include "base/check.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/reuseport_steering.h"

namespace gate::os {
namespace {

// No group has so many sockets, so the kernel chooses by its hash.
constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

// The program's memory: the block's halves.
constexpr std::uint32_t kHigh = 0;
constexpr std::uint32_t kLow = 1;

// A program for the kernel's classic BPF machine: an accumulator A, an index register X, 16 words of memory, jumps
// forward only. A load from behind the datagram's end ends it with 0, which would be the first socket: so lengths are
// checked before.
class Program {
 public:
  void statement(unsigned code, std::uint32_t operand = 0) {
    instructions_.push_back({static_cast<std::uint16_t>(code), 0, 0, operand});
  }

  // Leaves the datagram to the kernel unless A compares to `operand` as `comparison` (BPF_JGE, BPF_JEQ) says.
  void require(unsigned comparison, std::uint32_t operand) {
    instructions_.push_back({static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), 1, 0, operand});
    statement(BPF_RET | BPF_K, kNobody);
  }

  // Goes on behind the next `skipped` instructions unless A has one of `bits`.
  void skip_unless(std::uint32_t bits, std::uint8_t skipped) {
    instructions_.push_back({BPF_JMP | BPF_JSET | BPF_K, 0, skipped, bits});
  }

  std::size_t size() const { return instructions_.size(); }
  void append(const Program& other) {
    instructions_.insert(instructions_.end(), other.instructions_.begin(), other.instructions_.end());
  }

  base::Result<void> attach(int socket) {
    const sock_fprog program{static_cast<unsigned short>(instructions_.size()), instructions_.data()};
    if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0) return {};
    return base::fail(system_error(kCannotListen, "cannot tell the kernel which worker gets which datagram"));
  }

 private:
  std::vector<sock_filter> instructions_;
};

void require_length(Program& program, std::uint32_t bytes) {
  program.statement(BPF_LD | BPF_W | BPF_LEN);
  program.require(BPF_JGE, bytes);
}

// X := where the id stands.
void find_id(Program& program, const SteeringRule& rule) {
  Program long_form;
  require_length(long_form, rule.long_id + rule.id_bytes);
  long_form.statement(BPF_LD | BPF_B | BPF_ABS, rule.long_id_length);
  long_form.require(BPF_JEQ, rule.id_bytes);
  long_form.statement(BPF_LDX | BPF_IMM, rule.long_id);

  require_length(program, rule.short_id + rule.id_bytes);
  program.statement(BPF_LDX | BPF_IMM, rule.short_id);
  program.statement(BPF_LD | BPF_B | BPF_ABS, 0);
  program.skip_unless(rule.long_form_bit, static_cast<std::uint8_t>(long_form.size()));
  program.append(long_form);
}

// changed -= (((other << 4) ^ (other >> 5)) + other) ^ round_key, as Xtea::decrypt has it. A is `other` before, and
// `changed` afterwards.
void undo_half_round(Program& program, std::uint32_t changed, std::uint32_t other, std::uint32_t round_key) {
  program.statement(BPF_ALU | BPF_LSH | BPF_K, 4);
  program.statement(BPF_MISC | BPF_TAX);
  program.statement(BPF_LD | BPF_MEM, other);
  program.statement(BPF_ALU | BPF_RSH | BPF_K, 5);
  program.statement(BPF_ALU | BPF_XOR | BPF_X);
  program.statement(BPF_LDX | BPF_MEM, other);
  program.statement(BPF_ALU | BPF_ADD | BPF_X);
  program.statement(BPF_ALU | BPF_XOR | BPF_K, round_key);
  program.statement(BPF_MISC | BPF_TAX);
  program.statement(BPF_LD | BPF_MEM, changed);
  program.statement(BPF_ALU | BPF_SUB | BPF_X);
  program.statement(BPF_ST, changed);
}

// A := the decrypted block's high half.
void decrypt_block(Program& program, const SteeringRule& rule, const base::Xtea& cipher) {
  program.statement(BPF_LD | BPF_W | BPF_IND, rule.block + 4);
  program.statement(BPF_ST, kLow);
  program.statement(BPF_LD | BPF_W | BPF_IND, rule.block);
  program.statement(BPF_ST, kHigh);
  const auto& keys = cipher.round_keys();
  for (std::size_t i = keys.size(); i > 0; i -= 2) {
    undo_half_round(program, kLow, kHigh, keys[i - 1]);
    undo_half_round(program, kHigh, kLow, keys[i - 2]);
  }
}

}  // namespace

base::Result<void> steer_datagrams(int socket, const SteeringRule& rule, const base::Xtea& cipher) {
  GATE_CHECK(rule.number_shift >= 32 && rule.block + 8 <= rule.id_bytes && rule.long_id_length < rule.long_id);
  Program program;
  find_id(program, rule);
  decrypt_block(program, rule, cipher);
  program.statement(BPF_ALU | BPF_RSH | BPF_K, rule.number_shift - 32);
  program.statement(BPF_ALU | BPF_AND | BPF_K, 0xff);
  // A number that no socket has leaves the datagram to the kernel, too.
  program.statement(BPF_RET | BPF_A);
  return program.attach(socket);
}

}  // namespace gate::os
