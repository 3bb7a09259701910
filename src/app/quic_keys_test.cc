#include "app/quic_keys.h"

#include <gtest/gtest.h>

#include "os/file.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

TEST(QuicKeys, AreTheSameAfterARestartAndNobodyElsesToRead) {
  const os::TemporaryFolder folder;
  os::SystemRandom random;
  const auto first = load_quic_keys(folder.path(), random);
  const auto second = load_quic_keys(folder.path(), random);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->ids, second->ids);
  EXPECT_EQ(first->resets, second->resets);
  EXPECT_EQ(first->tokens, second->tokens);
  EXPECT_EQ(os::inspect(folder.path() + "/quic.key")->mode, 0600U);
}

TEST(QuicKeys, AreMadeAnewWhereTheFileIsBroken) {
  const os::TemporaryFolder folder;
  os::SystemRandom random;
  ASSERT_TRUE(os::write_file_atomically(folder.path() + "/quic.key", "short", 0600));
  ASSERT_TRUE(load_quic_keys(folder.path(), random));
  EXPECT_EQ(os::inspect(folder.path() + "/quic.key")->size, 80U);
}

TEST(QuicKeys, AreRefusedWhereOthersCanReadThem) {
  const os::TemporaryFolder folder;
  os::SystemRandom random;
  ASSERT_TRUE(os::write_file_atomically(folder.path() + "/quic.key", std::string(80, 'x'), 0644));
  EXPECT_FALSE(load_quic_keys(folder.path(), random));
}

}  // namespace
}  // namespace gate::app
