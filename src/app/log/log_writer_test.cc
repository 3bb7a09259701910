#include "app/log/log_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <thread>

#include "app/log/codes.h"
#include "base/text.h"
#include "observe/log_producer.h"
#include "os/file.h"
#include "os/signals.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::size_t kRingBytes = 1 << 20;

std::string content(const std::string& path) { return os::read_file(path, 64 << 20).value_or("(no file)"); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::string_view rest = text; !rest.empty();) lines.emplace_back(base::split_off(rest, '\n'));
  return lines;
}

// A writer with one ring, whose lines are given as text.
class Writing : public testing::Test {
 protected:
  void SetUp() override {
    os::ignore_broken_pipes();
    audit_path = folder.path("audit");
    writer->use_audit(open(audit_path), observe::AuditFormat::kText);
    writer->add_ring(ring);
    writer->start();
  }
  void TearDown() override { writer->stop(); }

  std::uint16_t open(const std::string& path) {
    const auto sink = writer->open({.kind = LogDestination::Kind::kFile, .path = path});
    EXPECT_TRUE(sink) << (sink ? "" : sink.error().why);
    return sink.value_or(0);
  }
  void put(std::uint16_t sink, std::string_view line) {
    std::string record(sizeof sink, '\0');
    base::copy_bytes(std::as_writable_bytes(std::span(record)), std::as_bytes(std::span(&sink, 1)));
    record += line;
    record += '\n';
    ASSERT_TRUE(ring.push(base::as_bytes(record)));
  }
  LogSinkFacts facts(std::uint16_t sink) { return writer->facts()[sink]; }

  os::TemporaryFolder folder;
  base::SystemClock clock;
  std::string audit_path;
  observe::RecordRing ring{kRingBytes};
  std::unique_ptr<LogWriter> writer = *LogWriter::create(clock);
};

TEST_F(Writing, puts_lines_into_their_files_in_order) {
  const auto a = open(folder.path("a"));
  const auto b = open(folder.path("b"));
  put(a, "1");
  put(b, "2");
  put(a, "3");
  writer->flush();
  EXPECT_EQ(content(folder.path("a")), "1\n3\n");
  EXPECT_EQ(content(folder.path("b")), "2\n");
  EXPECT_EQ(facts(a).written, 2U);
}

TEST_F(Writing, gives_one_destination_one_number) {
  EXPECT_EQ(open(folder.path("a")), open(folder.path("a")));
  EXPECT_NE(open(folder.path("a")), open(folder.path("b")));
}

TEST_F(Writing, appends_to_what_is_there_with_a_closed_mode) {
  ASSERT_TRUE(os::write_file_atomically(folder.path("a"), "old\n", 0600));
  put(open(folder.path("a")), "new");
  put(open(folder.path("b")), "x");
  writer->flush();
  EXPECT_EQ(content(folder.path("a")), "old\nnew\n");
  EXPECT_EQ(os::inspect(folder.path("b"))->mode & 0007, 0U);
}

TEST_F(Writing, begins_a_new_line_behind_what_a_crash_left) {
  ASSERT_TRUE(os::write_file_atomically(folder.path("a"), "{\"half", 0600));
  put(open(folder.path("a")), "whole");
  writer->flush();
  EXPECT_EQ(content(folder.path("a")), "{\"half\nwhole\n");
}

TEST_F(Writing, takes_what_is_in_the_rings_at_the_stop) {
  const auto sink = open(folder.path("a"));
  for (int i = 0; i < 1000; ++i) put(sink, "line");
  writer->stop();
  EXPECT_EQ(lines_of(content(folder.path("a"))).size(), 1000U);
}

TEST_F(Writing, takes_what_is_in_a_ring_before_it_lets_it_go) {
  const auto sink = open(folder.path("a"));
  put(sink, "last words");
  writer->remove_ring(ring);
  EXPECT_EQ(content(folder.path("a")), "last words\n");
  put(sink, "nobody reads");
  writer->flush();
  EXPECT_EQ(content(folder.path("a")), "last words\n");
}

TEST_F(Writing, follows_a_moved_file_without_being_told) {
  const auto sink = open(folder.path("a"));
  put(sink, "1");
  writer->flush();
  std::filesystem::rename(folder.path("a"), folder.path("a.1"));
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!os::inspect(folder.path("a")) && std::chrono::steady_clock::now() < give_up) writer->flush();
  put(sink, "2");
  writer->flush();
  EXPECT_EQ(content(folder.path("a.1")), "1\n");
  EXPECT_EQ(content(folder.path("a")), "2\n");
}

TEST_F(Writing, opens_a_deleted_file_anew_when_told) {
  const auto sink = open(folder.path("a"));
  std::filesystem::remove(folder.path("a"));
  writer->reopen();
  writer->flush();
  put(sink, "2");
  writer->flush();
  EXPECT_EQ(content(folder.path("a")), "2\n");
}

TEST_F(Writing, keeps_the_old_file_and_says_so_once_when_the_new_one_cannot_be_made) {
  ASSERT_TRUE(os::make_directories(folder.path("logs"), 0700));
  const auto sink = open(folder.path("logs/a"));
  std::filesystem::rename(folder.path("logs"), folder.path("elsewhere"));
  for (int i = 0; i < 3; ++i) {
    writer->reopen();
    writer->flush();
  }
  put(sink, "kept");
  writer->flush();
  EXPECT_EQ(content(folder.path("elsewhere/a")), "kept\n");
  EXPECT_EQ(lines_of(content(audit_path)).size(), 1U);
  EXPECT_THAT(content(audit_path), HasSubstr("G2063"));
}

TEST_F(Writing, loses_only_the_lines_of_a_destination_that_fails_and_counts_them) {
  const auto full = open("/dev/full");
  const auto fine = open(folder.path("fine"));
  for (int i = 0; i < 10; ++i) {
    put(full, "lost");
    put(fine, "kept");
    writer->flush();
  }
  EXPECT_EQ(facts(full).dropped, 10U);
  EXPECT_EQ(facts(full).written, 0U);
  EXPECT_EQ(lines_of(content(folder.path("fine"))).size(), 10U);
  ASSERT_EQ(lines_of(content(audit_path)).size(), 1U) << "an outage is told once";
  EXPECT_THAT(content(audit_path), HasSubstr("cannot write /dev/full: No space left on device"));
}

TEST_F(Writing, goes_on_when_the_disk_has_room_again_and_never_leaves_a_part_of_a_line) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a small file system";
  const std::string disk = folder.path("disk");
  ASSERT_TRUE(os::make_directories(disk, 0700));
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "mounting is not allowed here";
  const auto sink = open(disk + "/log");
  const std::string line(1001, 'x');  // no divisor of a page
  for (int i = 0; i < 100; ++i) put(sink, line);
  writer->flush();
  const auto full = facts(sink);
  EXPECT_GT(full.written, 50U);
  EXPECT_EQ(full.written + full.dropped, 100U);
  const std::string text = content(disk + "/log");
  EXPECT_EQ(text.size(), full.written * (line.size() + 1));
  EXPECT_TRUE(text.ends_with('\n'));

  ASSERT_EQ(::truncate((disk + "/log").c_str(), 0), 0);
  put(sink, "room again");
  writer->flush();
  EXPECT_EQ(content(disk + "/log"), "room again\n");
  const auto audit = lines_of(content(audit_path));
  ASSERT_EQ(audit.size(), 2U);
  EXPECT_THAT(audit[1], HasSubstr("can be written again"));
  EXPECT_THAT(audit[1], HasSubstr("(" + std::to_string(full.dropped) + ")"));
  writer->stop();
  writer.reset();
  writer = *LogWriter::create(clock);  // for TearDown
  EXPECT_EQ(::umount2(disk.c_str(), MNT_DETACH), 0);
}

TEST_F(Writing, does_not_wait_for_a_pipe_that_nobody_reads_and_completes_the_begun_line) {
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  const os::Fd reader(::open(folder.path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto sink = open(folder.path("pipe"));
  const std::string line(999, 'y');
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 400; ++i) put(sink, line);
    writer->flush();
  }
  EXPECT_GT(facts(sink).dropped, 0U);
  EXPECT_THAT(content(audit_path), HasSubstr("its reader is too slow"));

  std::string read;
  std::array<char, 65536> block;
  while (facts(sink).written + facts(sink).dropped < 800 || lines_of(read).size() < facts(sink).written) {
    const ssize_t count = ::read(reader.number(), block.data(), block.size());
    if (count > 0) read.append(block.data(), static_cast<std::size_t>(count));
    if (count <= 0) writer->flush();
  }
  EXPECT_THAT(lines_of(read), testing::Each(line));
}

TEST_F(Writing, survives_a_reader_that_goes_away) {
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  std::uint16_t sink = 0;
  {
    const os::Fd reader(::open(folder.path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    sink = open(folder.path("pipe"));
  }
  put(sink, "lost");
  writer->flush();
  EXPECT_EQ(facts(sink).dropped, 1U);
}

TEST_F(Writing, tells_of_lines_lost_to_a_full_ring_once_and_then_how_many) {
  const auto sink = open(folder.path("a"));
  observe::RecordRing small(4096);
  const std::string record(base::as_text(std::as_bytes(std::span(&sink, 1))));
  std::uint64_t kept = 0;
  for (int i = 0; i < 1000; ++i) kept += small.push(base::as_bytes(record + "x\n")) ? 1U : 0U;
  writer->add_ring(small);
  writer->stop();
  EXPECT_EQ(lines_of(content(folder.path("a"))).size(), kept);
  EXPECT_EQ(writer->ring_drops(), 1000 - kept);
  ASSERT_EQ(lines_of(content(audit_path)).size(), 2U);
  EXPECT_THAT(content(audit_path), HasSubstr("some are being lost"));
  EXPECT_THAT(content(audit_path), HasSubstr("lines were lost (" + std::to_string(1000 - kept) + ")"));
}

TEST_F(Writing, loses_nothing_from_several_workers_at_once) {
  constexpr int kWorkers = 3;
  constexpr int kLines = 5000;
  const auto access = open(folder.path("access"));
  std::vector<std::unique_ptr<observe::RecordRing>> rings;
  for (int i = 0; i < kWorkers; ++i) {
    rings.push_back(std::make_unique<observe::RecordRing>(std::size_t{8} << 20, writer.get()));
    writer->add_ring(*rings.back());
  }
  std::vector<std::thread> workers;
  for (auto& each : rings) {
    workers.emplace_back([&each, access] {
      observe::LogProducer producer(*each, 1, observe::AuditFormat::kJson);
      observe::AccessRecord record;
      record.method = "GET";
      record.path = "/";
      record.protocol = "HTTP/1.1";
      for (int i = 0; i < kLines; ++i) producer.write(record, {access, observe::AccessFormat::kCombined});
    });
  }
  writer->open({.kind = LogDestination::Kind::kFile, .path = folder.path("later")}).value();
  for (auto& worker : workers) worker.join();
  for (auto& each : rings) writer->remove_ring(*each);
  EXPECT_EQ(lines_of(content(folder.path("access"))).size() + writer->ring_drops(),
            static_cast<std::size_t>(kWorkers * kLines));
}

TEST(LogWriter, names_the_log_that_cannot_be_opened) {
  const base::SystemClock clock;
  const auto writer = *LogWriter::create(clock);
  const auto refused = writer->open({.kind = LogDestination::Kind::kFile, .path = "/nowhere/log"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, kCannotOpenLog);
  EXPECT_THAT(refused.error().what, HasSubstr("/nowhere/log"));
}

}  // namespace
}  // namespace gate::app
