//! Framing, seats, room, silence: what a connection does whatever it carries.

use ottla_protocol::ApiKey;
use ottla_protocol::messages::{ApiVersionsRequest, MetadataRequest};

use super::house::{House, request};
use super::produces::{fetch_at, produce};
use crate::limits;

fn versions(correlation_id: i32) -> Vec<u8> {
    request(ApiKey::ApiVersions, 0, correlation_id, |w, v| {
        ApiVersionsRequest::default().encode(w, v)
    })
}

fn metadata(correlation_id: i32) -> Vec<u8> {
    request(ApiKey::Metadata, 5, correlation_id, |w, v| {
        MetadataRequest {
            topics: Some(Vec::new()),
            ..MetadataRequest::default()
        }
        .encode(w, v)
    })
}

fn correlations(house: &mut House, conn: ottla_machine::Conn) -> Vec<i32> {
    let frames = house.frames(conn);
    frames
        .iter()
        .map(|frame| i32::from_be_bytes(*frame.first_chunk().expect("a header")))
        .collect()
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let mut house = House::new();
    let conn = house.connect();
    for byte in versions(5) {
        assert!(house.frames(conn).is_empty());
        house.send(conn, &[byte]);
    }
    assert_eq!(correlations(&mut house, conn), [5]);
}

#[test]
fn many_frames_may_come_at_once() {
    let mut house = House::new();
    let conn = house.connect();
    let count = 3 * limits::REQUESTS_AT_ONCE.most() as i32 + 7;
    let bytes: Vec<u8> = (0..count).flat_map(versions).collect();
    house.send(conn, &bytes);
    assert_eq!(
        correlations(&mut house, conn),
        (0..count).collect::<Vec<_>>()
    );
}

#[test]
fn a_frame_larger_than_the_read_ahead_is_asked_for_whole() {
    let mut house = House::with(&[("socket.request.max.bytes", "1000000")]);
    let conn = house.connect();
    let mut frame = versions(1);
    let body = vec![7; 900_000];
    frame.extend_from_slice(&body);
    let length = (frame.len() - 4) as i32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    house.send(conn, &frame[..20]);
    let want = house.client(conn).want.clone().expect("it is read on");
    assert_eq!((want.least, want.carry.len()), (frame.len(), 20));
    house.send(conn, &frame[20..]);
    assert_eq!(
        correlations(&mut house, conn),
        [1],
        "an ApiVersions body of junk is passed over"
    );
}

#[test]
fn hostile_lengths_end_the_connection_and_nothing_is_asked_for_them() {
    for length in [-1, 0, 1001, i32::MAX, i32::MIN] {
        let mut house = House::with(&[("socket.request.max.bytes", "1000")]);
        let conn = house.connect();
        house.send(conn, &length.to_be_bytes());
        assert!(house.closed(conn), "{length}");
        assert_eq!(house.notes.len(), 1);
        assert!(house.frames(conn).is_empty());
    }
}

#[test]
fn a_hostile_length_behind_a_good_request_ends_the_connection_behind_its_answer() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    house.held = Some(Default::default());
    let mut bytes = produce(1, "t", 0, -1);
    bytes.extend_from_slice(&i32::MAX.to_be_bytes());
    house.send(conn, &bytes);
    assert!(!house.closed(conn));
    assert!(
        house.client(conn).want.is_none(),
        "nothing is read towards a bad frame"
    );
    house.release(false);
    assert_eq!(correlations(&mut house, conn), [1]);
    assert!(house.closed(conn));
}

#[test]
fn what_is_not_served_is_closed_without_an_answer() {
    let unserved: [(i16, i16); 12] = [
        (999, 0),
        (-1, 0),
        (4, 0),
        (5, 0),
        (6, 0),
        (7, 0),
        (0, 2),
        (0, 14),
        (1, 3),
        (1, 19),
        (3, 99),
        (52, 0),
    ];
    for (key, version) in unserved {
        let mut house = House::new();
        let conn = house.connect();
        let mut bytes = 30i32.to_be_bytes().to_vec();
        bytes.extend_from_slice(&key.to_be_bytes());
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(&[0; 26]);
        house.send(conn, &bytes);
        assert!(house.closed(conn), "key {key} version {version}");
        assert!(house.frames(conn).is_empty());
    }
}

#[test]
fn a_count_that_cannot_fit_is_closed() {
    let mut house = House::new();
    let conn = house.connect();
    let mut bytes = vec![0, 0, 0, 16, 0, 3, 0, 8, 0, 0, 0, 1, 0, 2, b'm', b'e'];
    bytes.extend_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
    house.send(conn, &bytes);
    assert!(house.closed(conn));
}

#[test]
fn what_is_kept() {
    let mut house = House::new();
    let conn = house.connect();
    let mut junk = metadata(1);
    junk.extend_from_slice(b"behind the body");
    let length = (junk.len() - 4) as i32;
    junk[..4].copy_from_slice(&length.to_be_bytes());
    house.send(conn, &junk);
    // A null client id, and a tagged field in the header that nobody knows.
    house.send(conn, &[0, 0, 0, 10, 0, 3, 0, 5, 0, 0, 0, 2, 0xff, 0xff]);
    house.client(conn).to_broker.clear();
    house.hang_up(conn);
    let conn = house.connect();
    house.send(
        conn,
        &[
            0, 0, 0, 15, 0, 3, 0, 5, 0, 0, 0, 2, 0xff, 0xff, 0, 0, 0, 0, 1,
        ],
    );
    house.send(
        conn,
        &[
            0, 0, 0, 20, 0, 18, 0, 3, 0, 0, 0, 3, 0xff, 0xff, 1, 99, 2, 7, 7, 2, b'a', 2, b'1', 0,
        ],
    );
    assert_eq!(correlations(&mut house, conn), [2, 3]);
    assert!(!house.closed(conn));
}

#[test]
fn answers_leave_in_the_order_of_the_requests() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    let mut bytes = fetch_at(1, "t", 0, 500);
    bytes.extend(metadata(2));
    bytes.extend(versions(3));
    house.send(conn, &bytes);
    assert!(
        house.frames(conn).is_empty(),
        "a parked fetch holds up the rest of its connection"
    );
    let other = house.connect();
    house.send(other, &metadata(9));
    assert_eq!(correlations(&mut house, other), [9], "and nobody else's");
    house.pass_ms(501);
    assert_eq!(correlations(&mut house, conn), [1, 2, 3]);
}

#[test]
fn consecutive_produces_overlap_and_are_answered_in_order() {
    let mut house = House::new();
    house.topic("t", 3);
    let conn = house.connect();
    house.held = Some(Default::default());
    let mut bytes: Vec<u8> = (0..3).flat_map(|at| produce(at, "t", at, -1)).collect();
    bytes.extend(metadata(3));
    bytes.extend(produce(4, "t", 0, -1));
    house.send(conn, &bytes);
    assert_eq!(
        house.held.as_ref().map(|held| held.len()),
        Some(3),
        "the fourth waits behind the metadata"
    );
    house.release(true);
    assert_eq!(correlations(&mut house, conn), [0, 1, 2, 3, 4]);
    assert_eq!(house.logs.values().map(|log| log.end()).sum::<i64>(), 4);
}

#[test]
fn produces_in_work_are_bounded() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    house.held = Some(Default::default());
    let many = limits::OVERLAP.most() as i32 + 10;
    let bytes: Vec<u8> = (0..many).flat_map(|at| produce(at, "t", 0, 1)).collect();
    house.send(conn, &bytes);
    assert_eq!(
        house.held.as_ref().map(|held| held.len()),
        Some(limits::OVERLAP.most())
    );
    house.release(false);
    assert_eq!(correlations(&mut house, conn).len(), many as usize);
}

#[test]
fn a_reader_that_does_not_read_is_not_served_on() {
    let mut house = House::new();
    let id = house.topic("t", 1);
    let log = house.logs.values_mut().next().expect("a log");
    for at in 0..20 {
        log.batches
            .push((at, at + 1, super::house::batch(&[1; 100_000])));
    }
    assert!(!id.is_zero());
    let conn = house.connect();
    house.client(conn).stuffed = true;
    let bytes: Vec<u8> = (0..4).flat_map(|at| fetch_at(at, "t", 0, 0)).collect();
    house.send(conn, &bytes);
    assert_eq!(
        correlations(&mut house, conn).len(),
        1,
        "two megabytes are not taken: no second answer"
    );
    house.unstuff(conn);
    assert_eq!(correlations(&mut house, conn), [1, 2, 3]);
}

#[test]
fn silent_connections_are_closed_and_waiting_ones_are_not() {
    let mut house = House::with(&[("connections.max.idle.ms", "1000")]);
    house.topic("t", 1);
    let (silent, waiting) = (house.connect(), house.connect());
    house.send(waiting, &fetch_at(1, "t", 0, 2_500));
    house.pass_ms(999);
    assert!(!house.closed(silent));
    house.send(silent, &versions(1));
    house.pass_ms(999);
    assert!(!house.closed(silent), "it was heard of in between");
    house.pass_ms(2);
    assert!(house.closed(silent) && !house.closed(waiting));
    house.pass_ms(600);
    assert_eq!(correlations(&mut house, waiting), [1]);
    house.pass_ms(1_001);
    assert!(house.closed(waiting));
}

#[test]
fn what_is_answered_late_has_as_long_to_be_taken() {
    let mut house = House::with(&[("connections.max.idle.ms", "1000")]);
    house.topic("t", 1);
    let waiting = house.connect();
    house.client(waiting).stuffed = true;
    house.send(waiting, &fetch_at(1, "t", 0, 2_500));
    for _ in 0..34 {
        house.pass_ms(100);
    }
    assert!(!house.closed(waiting), "it was answered 900 ms ago");
    house.pass_ms(101);
    assert!(house.closed(waiting), "nobody takes the answer");
}

#[test]
fn past_the_budget_nobody_is_read_until_there_is_room() {
    let mut house = House::with(&[("queued.max.request.bytes", "1000")]);
    house.topic("t", 1);
    let (first, second) = (house.connect(), house.connect());
    house.held = Some(Default::default());
    let bytes: Vec<u8> = (0..10).flat_map(|at| produce(at, "t", 0, -1)).collect();
    assert!(bytes.len() > 1000);
    house.send(first, &bytes);
    assert!(
        house.client(first).want.is_none(),
        "its requests fill the budget"
    );
    // The second one's Receive was out before; what it brings is taken, then it is not read on either.
    house.send(second, &versions(1));
    assert_eq!(correlations(&mut house, second), [1]);
    assert!(house.client(second).want.is_none());
    house.send(second, &versions(2));
    assert!(house.frames(second).is_empty());
    house.release(false);
    assert_eq!(correlations(&mut house, second), [2]);
    assert_eq!(correlations(&mut house, first).len(), 10);
    assert!(house.client(first).want.is_some());
}

#[test]
fn frames_that_were_begun_cannot_wait_for_each_other() {
    let mut house = House::with(&[
        ("queued.max.request.bytes", "2000"),
        ("socket.request.max.bytes", "100000"),
    ]);
    let conns: Vec<_> = (0..4).map(|_| house.connect()).collect();
    let mut frame = versions(1);
    frame.extend_from_slice(&[0; 3000]);
    let length = (frame.len() - 4) as i32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    for conn in &conns {
        house.send(*conn, &frame[..1000]);
    }
    for conn in &conns {
        house.send(*conn, &frame[1000..]);
    }
    for conn in &conns {
        assert_eq!(correlations(&mut house, *conn), [1]);
    }
}

#[test]
fn who_has_begun_a_frame_does_not_wait_behind_who_has_begun_none() {
    let mut house = House::with(&[
        ("queued.max.request.bytes", "1000"),
        ("socket.request.max.bytes", "100000"),
    ]);
    house.topic("t", 1);
    house.held = Some(Default::default());
    let [filler, waiting, slow, begun] = [(); 4].map(|()| house.connect());
    let mut frame = versions(1);
    frame.extend_from_slice(&[0; 3000]);
    let length = (frame.len() - 4) as i32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    let produces: Vec<u8> = (0..10).flat_map(|at| produce(at, "t", 0, -1)).collect();
    house.send(filler, &produces);
    house.send(waiting, &versions(1));
    assert_eq!(correlations(&mut house, waiting), [1]);
    house.send(slow, &frame[..4]);
    house.send(begun, &frame[..1200]);
    house.send(waiting, &versions(2));
    house.send(begun, &frame[1200..]);
    assert!(house.frames(begun).is_empty(), "one at a time");
    house.send(slow, &frame[4..]);
    assert_eq!(correlations(&mut house, slow), [1]);
    house.release(false);
    assert_eq!(correlations(&mut house, begun), [1]);
    assert_eq!(correlations(&mut house, waiting), [2]);
}

#[test]
fn who_announces_a_frame_and_does_not_deliver_it_gives_way_to_who_waits() {
    let mut house = House::with(&[
        ("queued.max.request.bytes", "2000"),
        ("socket.request.max.bytes", "100000"),
    ]);
    let (slow, other) = (house.connect(), house.connect());
    house.send(slow, &50_000i32.to_be_bytes());
    house.send(other, &versions(1));
    assert_eq!(
        correlations(&mut house, other),
        [1],
        "its Receive was out before"
    );
    house.send(other, &versions(2));
    assert!(house.frames(other).is_empty());
    house.pass_ms(limits::FRAME_STALL_MS - 1_000);
    assert!(!house.closed(slow));
    house.pass_ms(limits::STALL_CHECK_MS);
    house.pass_ms(limits::STALL_CHECK_MS);
    assert!(house.closed(slow));
    assert_eq!(correlations(&mut house, other), [2]);
}

#[test]
fn a_connection_that_ends_leaves_nothing_behind() {
    let mut house = House::with(&[("queued.max.request.bytes", "1000")]);
    house.topic("t", 1);
    house.held = Some(Default::default());
    let conn = house.connect();
    house.send(
        conn,
        &(0..10)
            .flat_map(|at| produce(at, "t", 0, -1))
            .collect::<Vec<u8>>(),
    );
    house.hang_up(conn);
    assert_eq!(house.forgotten.len(), 10);
    assert_eq!(house.front.bench.gathers.len(), 0);
    let next = house.connect();
    house.send(next, &versions(1));
    assert_eq!(
        correlations(&mut house, next),
        [1],
        "its room is free again"
    );
    house.release(false);
}

#[test]
fn there_are_not_more_connections_than_allowed() {
    let mut house = House::with(&[("max.connections", "2")]);
    let conns: Vec<_> = (0..3).map(|_| house.connect()).collect();
    assert!(!house.closed(conns[0]) && !house.closed(conns[1]) && house.closed(conns[2]));
}

#[test]
fn who_pipelines_thousands_does_not_hold_up_who_asks_once() {
    let mut house = House::new();
    let (many, one) = (house.connect(), house.connect());
    let bytes: Vec<u8> = (0..5_000).flat_map(versions).collect();
    house.client(many).to_broker.extend_from_slice(&bytes);
    house.client(one).to_broker.extend_from_slice(&versions(7));
    // Both have arrived when the first turn begins; it ends long before the thousands are through.
    house.one_turn();
    assert_eq!(correlations(&mut house, one), [7]);
    assert!(correlations(&mut house, many).len() < 5_000);
}
