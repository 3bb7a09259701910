#include "http/fcgi/client_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/fcgi/record_for_test.h"
#include "http/testing/client_bench.h"

namespace gate::http::fcgi {
namespace {

using namespace std::chrono_literals;
using http::testing::FakeBody;
using http::testing::TestCall;
using State = BodyRead::State;
using testing::end_record;
using ::testing::EndsWith;
using testing::record;
using testing::stderr_record;
using testing::stdout_record;

// A program that a test plays, and calls to it.
class Bench {
 public:
  // Starts a call and sends all of it.
  void start(TestCall& test) {
    test.call.request.parameters = &parameters_;
    bench_.wire->start(test.call);
    sent = bench_.said();
  }
  void add_parameter(std::string_view name, std::string_view value) {
    parameters_.add(Field{.name = name, .value = value});
  }

  http::testing::ClientBench<ClientWire>* operator->() { return &bench_; }

  std::string sent;

 private:
  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
  FieldList parameters_{arena_};
  http::testing::ClientBench<ClientWire> bench_;
};

constexpr std::string_view kHead = "Content-Type: text/plain\r\n\r\n";

std::string whole(std::string_view body) {
  return stdout_record(std::string(kHead) + std::string(body)) + end_record();
}

TEST(FcgiWire, sends_parameters_and_body_to_the_letter) {
  Bench bench;
  TestCall test("POST");
  FakeBody body("hello");
  test.call.request.body = &body;
  bench.add_parameter("A", "b");
  bench.start(test);
  const std::string begin{'\0', '\1', '\1', '\0', '\0', '\0', '\0', '\0'};
  EXPECT_EQ(bench.sent, record({.type = 1, .content = begin}) + record({.type = 4, .content = "\1\1Ab"}) +
                            record({.type = 4}) + record({.type = 5, .content = "hello"}) + record({.type = 5}));
  EXPECT_EQ(test.call.request_body_bytes, 5U);
}

TEST(FcgiWire, takes_call_after_call) {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    TestCall test;
    bench.start(test);
    EXPECT_FALSE(bench->wire->takes_calls());
    bench->answer(whole("abc"));
    EXPECT_EQ(test.call.response.status, 200);
    EXPECT_EQ(test.field("content-type"), "text/plain");
    EXPECT_EQ(test.read(), "abc");
    EXPECT_EQ(test.last, State::kEnd);
    EXPECT_TRUE(bench->wire->takes_calls());
  }
}

TEST(FcgiWire, reads_the_same_however_a_response_is_cut) {
  const std::string all = stdout_record("Status: 201 Created\r\nX-A: ", 3) + stderr_record("a notice") +
                          stdout_record("b\r\n\r", 7) + stdout_record("\nabc") + stdout_record("de", 1) +
                          stdout_record("") + end_record();
  for (std::size_t step = 1; step <= all.size(); ++step) {
    Bench bench;
    TestCall test;
    bench.start(test);
    for (std::size_t at = 0; at < all.size(); at += step) bench->answer(std::string_view(all).substr(at, step));
    EXPECT_EQ(test.call.response.status, 201);
    EXPECT_EQ(test.field("x-a"), "b");
    EXPECT_EQ(test.read(), "abcde") << step;
    EXPECT_EQ(test.last, State::kEnd);
    EXPECT_EQ(test.call.response.diagnostics, "a notice");
    EXPECT_TRUE(bench->wire->takes_calls());
  }
}

TEST(FcgiWire, that_is_not_to_be_kept_says_so_and_ends_with_its_call) {
  Bench bench;
  bench->limits.idle_timeout = 0ms;
  TestCall test;
  bench.start(test);
  const std::string begin{'\0', '\1', '\0', '\0', '\0', '\0', '\0', '\0'};
  EXPECT_TRUE(bench.sent.starts_with(record({.type = 1, .content = begin})));
  bench->answer(whole("abc"));
  EXPECT_EQ(test.read(), "abc");
  EXPECT_TRUE(bench->wire->finished());
}

TEST(FcgiWire, lets_a_program_finish_behind_a_response_of_known_length) {
  Bench bench;
  TestCall test;
  bench.start(test);
  bench->answer(stdout_record("Content-Length: 3\n\nabc"));
  EXPECT_EQ(test.read(), "abc");
  EXPECT_EQ(test.last, State::kEnd);
  EXPECT_EQ(test.call.driver(), nullptr) << "its maker may go";
  EXPECT_FALSE(bench->wire->takes_calls());
  EXPECT_FALSE(bench->wire->finished());
  bench->answer(stdout_record("more than it said") + end_record());
  EXPECT_TRUE(bench->wire->takes_calls());
  EXPECT_EQ(bench->ended, 2);
}

TEST(FcgiWire, has_no_body_for_head_but_the_length_there_would_be) {
  Bench bench;
  TestCall test("HEAD");
  bench.start(test);
  bench->answer(stdout_record("Content-Length: 3\n\nabc"));
  EXPECT_FALSE(test.call.response.has_body);
  EXPECT_EQ(test.call.body().length(), 3U);
  EXPECT_EQ(test.read(), "");
  EXPECT_EQ(test.last, State::kEnd);
  bench->answer(end_record());
  EXPECT_TRUE(bench->wire->takes_calls());
}

TEST(FcgiWire, does_not_read_output_without_end_behind_a_response) {
  Bench bench;
  bench->limits.discarded_body_bytes_max = 100;
  TestCall test("HEAD");
  bench.start(test);
  bench->answer(stdout_record(kHead));
  bench->answer(stdout_record(std::string(101, 'x')));
  EXPECT_TRUE(bench->wire->finished());
}

TEST(FcgiWire, fails_a_response_that_breaks_the_rules) {
  struct Case {
    std::string answer;
    CallFault fault;
  };
  for (const Case& each :
       {Case{record({.content = "x", .version = 9}), CallFault::kProtocolError},
        Case{"HTTP/1.1 400 Bad Request\r\n\r\n", CallFault::kProtocolError},
        Case{stdout_record("<html>\n\n"), CallFault::kProtocolError}, Case{end_record(), CallFault::kProtocolError},
        Case{stderr_record("died") + end_record(), CallFault::kProtocolError},
        Case{end_record(3), CallFault::kProtocolError}, Case{end_record(2), CallFault::kConnectionLimitReached},
        Case{stdout_record(std::string(5000, 'x')), CallFault::kHeaderTooLarge}}) {
    Bench bench;
    bench->limits.header_bytes_max = 4000;
    TestCall test;
    bench.start(test);
    bench->answer(each.answer);
    ASSERT_TRUE(test.failure) << each.answer;
    EXPECT_EQ(test.failure->fault, each.fault);
    EXPECT_EQ(test.responses, 0);
    EXPECT_TRUE(bench->wire->finished());
  }
}

TEST(FcgiWire, may_be_asked_again_where_the_program_was_too_busy) {
  Bench bench;
  TestCall test("POST");
  bench.start(test);
  bench->answer(end_record(2));
  EXPECT_EQ(test.failure->delivered, Delivered::kNothing);
}

TEST(FcgiWire, tells_a_response_cut_short_from_one_that_never_began) {
  {
    Bench bench;
    TestCall test;
    bench.start(test);
    bench->wire->receive_end();
    EXPECT_EQ(test.failure->fault, CallFault::kConnectionTerminated);
    EXPECT_EQ(test.failure->delivered, Delivered::kMaybe);
  }
  for (const bool ends_properly : {false, true}) {
    Bench bench;
    TestCall test;
    bench.start(test);
    bench->answer(stdout_record("Content-Length: 5\n\nab"));
    if (ends_properly) {
      bench->answer(end_record());
    } else {
      bench->wire->receive_end();
    }
    EXPECT_EQ(test.read(), "ab");
    EXPECT_EQ(test.last, State::kFailed);
    EXPECT_EQ(test.call.failure()->fault, CallFault::kResponseIncomplete);
  }
  {
    Bench bench;
    TestCall test;
    bench.start(test);
    bench->answer(stdout_record(std::string(kHead) + "ab"));
    bench->wire->receive_end();
    test.read();
    EXPECT_EQ(test.last, State::kFailed) << "only END_REQUEST ends a body of unknown length";
  }
}

TEST(FcgiWire, ends_a_connection_on_which_something_comes_unasked) {
  Bench bench;
  bench->answer(whole("abc"));
  EXPECT_TRUE(bench->wire->finished());
}

TEST(FcgiWire, does_not_take_what_follows_a_response_for_the_next) {
  Bench bench;
  TestCall test;
  bench.start(test);
  bench->answer(whole("abc") + whole("smuggled"));
  EXPECT_EQ(test.read(), "abc");
  EXPECT_TRUE(bench->wire->finished());
}

TEST(FcgiWire, stops_a_program_whose_call_is_cancelled) {
  Bench bench;
  {
    TestCall test;
    bench.start(test);
  }
  EXPECT_TRUE(bench->wire->finished());
  EXPECT_EQ(bench->ended, 1);
}

TEST(FcgiWire, stops_reading_while_nobody_takes_the_body) {
  Bench bench;
  TestCall test;
  bench.start(test);
  bench->answer(stdout_record(kHead));
  for (int i = 0; i < 2; ++i) bench->answer(stdout_record(std::string(CallBody::kBufferedBytesMax / 2, 'x')));
  EXPECT_FALSE(bench->wire->wants_read());
  EXPECT_EQ(bench->wire->deadline(), base::Instant::max()) << "it is not the program that is slow";
  test.read(10'000);
  EXPECT_TRUE(bench->wire->wants_read());
}

TEST(FcgiWire, keeps_a_bounded_part_of_what_a_program_complains_of) {
  Bench bench;
  TestCall test;
  bench.start(test);
  for (int i = 0; i < 3; ++i) bench->answer(stderr_record(std::string(700, 'e')));
  EXPECT_EQ(test.call.response.diagnostics, std::string(Call::Response::kDiagnosticsBytesMax, 'e'));
}

TEST(FcgiWire, waits_for_a_response_only_so_long) {
  Bench bench;
  bench->limits.header_timeout = 10s;
  TestCall test;
  bench.start(test);
  bench->pass(9s);
  EXPECT_FALSE(test.failure);
  bench->pass(1s);
  EXPECT_EQ(test.failure->fault, CallFault::kResponseTimeout);
  EXPECT_TRUE(bench->wire->finished());
}

TEST(FcgiWire, waits_for_the_end_of_a_body_and_of_a_program_only_so_long) {
  for (const std::string head : {"X: y\n\n", "Content-Length: 0\n\n"}) {
    Bench bench;
    bench->limits.stall_timeout = 5s;
    TestCall test;
    bench.start(test);
    bench->answer(stdout_record(head));
    bench->pass(4s);
    EXPECT_FALSE(bench->wire->finished());
    bench->pass(1s);
    EXPECT_TRUE(bench->wire->finished());
  }
}

TEST(FcgiWire, fails_where_the_request_comes_to_no_end) {
  Bench bench;
  TestCall test("POST");
  base::BlockPool blocks;
  base::Arena arena(blocks);
  http::testing::ScriptedBody::Script script;
  http::testing::ScriptedBody body(script, arena);
  test.call.request.body = &body;
  script.add("ab");
  bench.start(test);
  script.fail();
  EXPECT_EQ(bench->said(), "");
  EXPECT_EQ(test.failure->fault, CallFault::kRequestFailed);
}

TEST(FcgiWire, ends_the_connection_where_a_program_answers_before_it_has_read_all) {
  Bench bench;
  TestCall test("POST");
  base::BlockPool blocks;
  base::Arena arena(blocks);
  http::testing::ScriptedBody::Script script;
  http::testing::ScriptedBody body(script, arena);
  test.call.request.body = &body;
  script.add("ab");
  bench.start(test);
  EXPECT_THAT(bench.sent, EndsWith(record({.type = 5, .content = "ab"})));
  bench->answer(whole("enough"));
  EXPECT_EQ(test.read(), "enough");
  EXPECT_EQ(test.last, State::kEnd);
  EXPECT_TRUE(bench->wire->finished());
}

}  // namespace
}  // namespace gate::http::fcgi
