"""How connections behave: order, what closes them, what they survive; and what ApiVersions says.

Asked with raw bytes. Proven against Apache Kafka 4.3.1 (OTTLA_TEST_BROKER=apache); where ours answers otherwise
on purpose, differences.py says so and why.
"""

import struct

import pytest

import wire
from wire import Connection, Refused, framed, header, request_body

SETTINGS = {"socket.request.max.bytes": "20000000"}


# ---- Connections


def test_answers_leave_in_the_order_of_the_requests(raw, topic):
    raw.send_fetch(topic, wait=700)
    raw.send("Metadata", 12, topics=[])
    raw.send("ApiVersions", 0)
    assert raw.receive().responses[0].partitions[0].high_watermark == 0
    assert raw.receive().brokers
    assert raw.receive().error_code == 0


def body_with_impossible_count():
    return framed(header(3, 8, 1) + b"\x7f\xff\xff\xff")


CLOSING = {
    "unknown api key": framed(header(999, 0, 1)),
    "api key -1": framed(header(-1, 0, 1)),
    **{f"retired api key {key}": framed(header(key, 0, 1) + bytes(16)) for key in (4, 5, 6, 7)},
    "Produce 2": framed(header(0, 2, 1) + struct.pack(">hii", 1, 1000, 0)),
    "Produce 0": framed(header(0, 0, 1) + struct.pack(">hii", 1, 1000, 0)),
    "Produce 14": framed(header(0, 14, 1, flexible=True) + bytes(16)),
    "Fetch 3": framed(header(1, 3, 1) + struct.pack(">iiiii", -1, 0, 0, 0, 0)),
    "Fetch 19": framed(header(1, 19, 1, flexible=True) + bytes(40)),
    "Metadata 99": framed(header(3, 99, 1) + bytes(8)),
    "a controller's key (Vote)": framed(header(52, 0, 1, flexible=True) + bytes(8)),
    "frame of -1 bytes": b"\xff\xff\xff\xff",
    "frame of 0 bytes": bytes(4),
    "frame of more than socket.request.max.bytes": struct.pack(">i", 20_000_001) + bytes(64),
    "frame of 2 GB": b"\x7f\xff\xff\xff" + bytes(64),
    "a count that cannot fit": body_with_impossible_count(),
    "a frame shorter than a header": framed(b"\0\x03"),
}


@pytest.mark.parametrize("what", CLOSING)
def test_closed_without_an_answer(raw, what):
    raw.send_bytes(CLOSING[what])
    assert raw.ended()


def test_what_a_connection_survives(raw):
    extra = header(3, 12, 1, flexible=True) + request_body("Metadata", 12, topics=[]) + b"junk after the body"
    raw.send_bytes(framed(extra))
    assert wire.response("Metadata", 12, raw.receive_frame())[0] == 1
    assert raw.ask("Metadata", 12, client=None, topics=[]).brokers
    # an unknown tagged field in the header and one in the body
    tag = b"\x01\x63\x03abc"
    plain = request_body("Metadata", 12, topics=[])
    raw.send_bytes(framed(header(3, 12, 8) + tag + plain[:-1] + tag))
    assert wire.response("Metadata", 12, raw.receive_frame())[0] == 8
    raw.send_bytes(framed(header(18, 0, 9) + b"\xff\xff junk body \x7f\xff"))
    assert wire.response("ApiVersions", 0, raw.receive_frame())[1].error_code == 0


def test_silent_connections_are_closed(own):
    node = own(settings={"connections.max.idle.ms": "400"}).start()
    with Connection(node.address) as silent:
        assert silent.ask("Metadata", 12, topics=[]).brokers
        assert silent.ended(30)


def test_refusals_keep_the_connection(raw, topic):
    for ask in (lambda: raw.produce("no-such-topic", [b"x"]), lambda: raw.fetch(topic, 99),
                lambda: raw.list_offset(topic, -7)):
        assert ask().error_code != 0
    assert raw.produce(topic, [b"x"]).error_code == 0


def test_a_client_that_authenticates_is_told_that_nobody_asked(raw):
    for version in (0, 1):
        said = raw.ask("SaslHandshake", version, mechanism="PLAIN")
        assert (said.error_code, said.mechanisms) == (34, [])
    for version in (0, 1, 2):
        said = raw.ask("SaslAuthenticate", version, auth_bytes=b"\0name\0secret")
        assert (said.error_code, said.auth_bytes) == (34, b"") and said.error_message
    assert raw.ask("Metadata", 12, topics=[]).brokers, "the connection is kept"


def test_a_closed_connection_ends_no_other(broker, raw, topic):
    with Connection(broker.address) as other:
        other.send_bytes(CLOSING["frame of 2 GB"])
        with pytest.raises(Refused):
            other.receive_frame()
    assert raw.produce(topic, [b"x"]).error_code == 0


# ---- ApiVersions

SERVED = {0: (0, 13), 1: (4, 18), 2: (1, 11), 3: (0, 13), 10: (0, 6), 17: (0, 1), 18: (0, 4), 19: (2, 7), 20: (1, 6),
          22: (0, 5), 23: (2, 4), 32: (1, 4), 36: (0, 2), 55: (0, 2), 60: (0, 2)}


def advertised(connection, version):
    more = {} if version < 3 else {"client_software_name": "raw", "client_software_version": "1"}
    got = connection.ask("ApiVersions", version, **more)
    assert got.error_code == 0 and not getattr(got, "throttle_time_ms", 0)
    return got, {k.api_key: (k.min_version, k.max_version) for k in got.api_keys}


@pytest.mark.parametrize("version", range(5))
def test_api_versions(raw, version):
    got, keys = advertised(raw, version)
    for key, versions in SERVED.items():
        assert keys[key] == versions, f"key {key}"
    if version >= 3:
        finalized = {f.name: (f.min_version_level, f.max_version_level) for f in got.finalized_features}
        supported = {f.name: (f.min_version, f.max_version) for f in got.supported_features}
        assert finalized["metadata.version"] == (30, 30)
        assert finalized["kraft.version"] == (1, 1)
        assert got.finalized_features_epoch > 0
        assert supported["metadata.version"][1] >= 30
        assert all(low == high for low, high in finalized.values()), "both are the level"
        if version == 3:
            assert all(low > 0 for low, _ in supported.values()), "version 3 cannot say that 0 is supported"
        else:
            assert all(level <= supported[name][1] for name, (_, level) in finalized.items())


def test_api_versions_of_the_future(raw):
    raw.send_bytes(wire.framed(header(18, 9, 77, flexible=True) + b"\x04raw\x021\0"))
    correlation, error, count, key, low, high = struct.unpack(">ihihhh", raw.receive_frame())
    assert (correlation, error, count, key, low, high) == (77, 35, 1, 18, 0, 4)
    assert raw.ask("ApiVersions", 0).error_code == 0, "the connection goes on"


@pytest.mark.parametrize("software", [("", ""), ("no spaces", "1"), ("raw", "")])
@pytest.mark.parametrize("version", [3, 4])
def test_api_versions_with_a_bad_software_name(raw, version, software):
    got = raw.ask("ApiVersions", version, client_software_name=software[0], client_software_version=software[1])
    assert (got.error_code, got.api_keys) == (42, [])


@pytest.mark.ottla_only
def test_what_is_not_advertised_is_not_served(raw, broker):
    keys = advertised(raw, 4)[1]
    for key in set(range(93)) - set(keys):
        with Connection(broker.address) as other:
            other.send_bytes(framed(header(key, 0, 1) + bytes(64)))
            assert other.ended(), f"key {key} is not advertised but was not refused"
