#include "app/on_demand/on_demand_names.h"

#include <gtest/gtest.h>

#include "app/on_demand/codes.h"
#include "cert/authority_for_test.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

class OnDemandNamesTest : public testing::Test {
 protected:
  cert::Credential issue(const std::string& name, base::WallTime from) const {
    return cert::for_test::leaf(root_, {name}, from);
  }
  std::string index() const { return folder_.path() + "/on-demand.json"; }

  os::TemporaryFolder folder_;
  base::WallTime now_ = std::chrono::system_clock::now();
  cert::Credential root_ = cert::for_test::root("root", now_ - 1h);
  OnDemandNames names_{folder_.path()};
};

TEST_F(OnDemandNamesTest, what_was_kept_is_there_after_a_restart) {
  const auto credential = issue("a.example.com", now_ - 1h);
  ASSERT_TRUE(names_.keep("a.example.com", credential, now_));
  ASSERT_TRUE(names_.save());
  OnDemandNames next(folder_.path());
  EXPECT_TRUE(next.load(now_).empty());
  ASSERT_NE(next.find("a.example.com"), nullptr);
  EXPECT_EQ(next.find("a.example.com")->credential.leaf().fingerprint(), credential.leaf().fingerprint());
  EXPECT_EQ(next.find("a.example.com")->asked, std::chrono::floor<std::chrono::seconds>(now_));
  EXPECT_EQ(next.find("b.example.com"), nullptr);
}

TEST_F(OnDemandNamesTest, a_certificate_that_is_over_is_left_out) {
  ASSERT_TRUE(names_.keep("a.example.com", issue("a.example.com", now_ - 1h), now_));
  ASSERT_TRUE(names_.save());
  OnDemandNames next(folder_.path());
  next.load(now_ + 24h * 4000);
  EXPECT_EQ(next.find("a.example.com"), nullptr);
}

TEST_F(OnDemandNamesTest, when_a_name_was_asked_for_is_written_down_by_the_hour) {
  ASSERT_TRUE(names_.keep("a.example.com", issue("a.example.com", now_ - 1h), now_));
  names_.note_asked("a.example.com", now_ + 59min);
  EXPECT_EQ(names_.find("a.example.com")->asked, now_);
  names_.note_asked("a.example.com", now_ + 61min);
  EXPECT_EQ(names_.find("a.example.com")->asked, now_ + 61min);
  names_.note_asked("a.example.com", now_);  // the clock was set back
  EXPECT_EQ(names_.find("a.example.com")->asked, now_);
  names_.note_asked("unknown.example.com", now_);
}

TEST_F(OnDemandNamesTest, a_forgotten_name_leaves_no_key) {
  ASSERT_TRUE(names_.keep("a.example.com", issue("a.example.com", now_ - 1h), now_));
  ASSERT_TRUE(names_.save());
  const std::string file = folder_.path() + "/certificates/acme/a.example.com/credential.pem";
  ASSERT_TRUE(os::inspect(file));
  names_.forget("a.example.com", true);
  ASSERT_TRUE(names_.save());
  EXPECT_FALSE(os::inspect(file));
  EXPECT_EQ(os::read_file(index(), 1024).value(), "{}\n");
}

TEST_F(OnDemandNamesTest, an_index_that_is_lost_costs_no_certificate) {
  ASSERT_TRUE(names_.keep("a.example.com", issue("a.example.com", now_ - 1h), now_));
  ASSERT_TRUE(os::write_file_atomically(index(), "[nonsense", 0600));
  OnDemandNames next(folder_.path());
  const auto problems = next.load(now_);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems.front().code, kBadOnDemandIndex);
  EXPECT_EQ(next.find("a.example.com"), nullptr);
  EXPECT_TRUE(next.recall("a.example.com", now_));
  EXPECT_NE(next.find("a.example.com"), nullptr);
  EXPECT_FALSE(next.recall("b.example.com", now_));
}

TEST_F(OnDemandNamesTest, recalls_nothing_that_is_over_or_for_another_name) {
  ASSERT_TRUE(names_.keep("a.example.com", issue("other.example.com", now_ - 1h), now_));
  ASSERT_TRUE(names_.keep("b.example.com", issue("b.example.com", now_ - 1h), now_));
  OnDemandNames next(folder_.path());
  EXPECT_FALSE(next.recall("a.example.com", now_));
  EXPECT_FALSE(next.recall("b.example.com", now_ + 24h * 4000));
}

}  // namespace
}  // namespace gate::app
