"""gRPC through the proxy, with a real client and a real server: messages are plain bytes, so that no compiler is needed."""

import queue
from concurrent import futures

import grpc
import pytest

from support.wait import PATIENCE

BIG = 1_000_000


def unary(request, context):
    context.send_initial_metadata([("x-greeting", "hello")])
    context.set_trailing_metadata([("x-farewell", "bye"), ("x-bytes-bin", b"\x00\xff")])
    return request[::-1]


def failing(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today: 100 % ü")


def counting(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def joining(requests, context):
    return b"".join(requests)


def echoing(requests, context):
    for request in requests:
        yield request.upper()


def patient(request, context):
    """Goes on until it is released, and says when the call has ended."""
    context.add_callback(lambda: patient.ended.put(True))
    yield b"first"
    patient.release.get(timeout=PATIENCE)


METHODS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Failing": grpc.unary_unary_rpc_method_handler(failing),
    "Counting": grpc.unary_stream_rpc_method_handler(counting),
    "Joining": grpc.stream_unary_rpc_method_handler(joining),
    "Echoing": grpc.stream_stream_rpc_method_handler(echoing),
    "Patient": grpc.unary_stream_rpc_method_handler(patient),
}


@pytest.fixture
def channel(start):
    """A client before the proxy, which has a server behind it."""
    patient.ended, patient.release = queue.Queue(), queue.Queue()
    behind = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    behind.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Bytes", METHODS)])
    port = behind.add_insecure_port("127.0.0.1:0")
    behind.start()
    server = start(f"site localhost {{\n  proxy h2c://127.0.0.1:{port}\n}}\n")
    roots = b"".join(root.read_bytes() for root in (server.state / "ca").glob("*.crt"))
    credentials = grpc.ssl_channel_credentials(roots)
    with grpc.secure_channel(f"localhost:{server.https}", credentials) as channel:
        yield channel
    patient.release.put(True)
    behind.stop(None).wait()


def test_a_single_message_is_answered_with_metadata_on_both_sides(channel):
    call = channel.unary_unary("/test.Bytes/Unary").with_call
    answer, details = call(b"abc", timeout=PATIENCE)
    assert answer == b"cba"
    assert details.code() == grpc.StatusCode.OK
    assert ("x-greeting", "hello") in details.initial_metadata()
    assert ("x-farewell", "bye") in details.trailing_metadata()
    assert ("x-bytes-bin", b"\x00\xff") in details.trailing_metadata()


def test_a_large_message_passes(channel):
    message = bytes(range(256)) * (BIG // 256)
    assert channel.unary_unary("/test.Bytes/Unary")(message, timeout=PATIENCE) == message[::-1]


def test_a_status_other_than_ok_arrives_with_its_message(channel):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/test.Bytes/Failing")(b"", timeout=PATIENCE)
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert caught.value.details() == "not today: 100 % ü"


def test_a_method_that_is_not_there_is_unimplemented(channel):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/test.Bytes/Nowhere")(b"", timeout=PATIENCE)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_stream_of_answers_arrives(channel):
    answers = channel.unary_stream("/test.Bytes/Counting")(b"500", timeout=PATIENCE)
    assert list(answers) == [b"%d" % number for number in range(500)]


def test_a_stream_of_requests_arrives(channel):
    answer = channel.stream_unary("/test.Bytes/Joining")((b"%d," % number for number in range(500)), timeout=PATIENCE)
    assert answer == b"".join(b"%d," % number for number in range(500))


def test_both_sides_talk_in_turns(channel):
    """Each message is sent only when the one before was answered: nothing may wait for more."""
    outgoing = queue.Queue()
    answers = channel.stream_stream("/test.Bytes/Echoing")(iter(outgoing.get, None), timeout=PATIENCE)
    for number in range(50):
        outgoing.put(b"message %d" % number)
        assert next(answers) == b"MESSAGE %d" % number
    outgoing.put(None)
    assert list(answers) == []
    assert answers.code() == grpc.StatusCode.OK


def test_many_calls_run_at_once(channel):
    calls = [channel.unary_unary("/test.Bytes/Unary").future(b"%d" % number, timeout=PATIENCE) for number in range(200)]
    assert [call.result() for call in calls] == [(b"%d" % number)[::-1] for number in range(200)]


def test_a_call_that_the_client_gives_up_ends_at_the_server(channel):
    answers = channel.unary_stream("/test.Bytes/Patient")(b"", timeout=PATIENCE)
    assert next(answers) == b"first"
    answers.cancel()
    assert patient.ended.get(timeout=PATIENCE)


def test_a_deadline_ends_a_call(channel):
    answers = channel.unary_stream("/test.Bytes/Patient")(b"", timeout=0.5)
    with pytest.raises(grpc.RpcError) as caught:
        list(answers)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
