//! What is written where a version carries less than the value, and where bytes are sent from elsewhere.

use ottla_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use ottla_protocol::messages::{
    FetchResponse, MetadataRequest, MetadataResponse, OffsetForLeaderEpochRequest,
};
use ottla_protocol::{
    ApiKey, EncodeError, Frame, Reader, Records, ResponseHeader, Writer, response,
};

#[test]
fn what_must_not_be_lost_is_refused_and_the_rest_goes_silently() {
    let kept = FetchResponse {
        session_id: 7,
        ..Default::default()
    };
    assert_eq!(
        kept.encode(&mut Writer::new(), 6),
        Err(EncodeError::Lost {
            field: "SessionId",
            version: 6
        })
    );
    assert_eq!(kept.encode(&mut Writer::new(), 7), Ok(()));

    let ignorable = FetchResponse {
        error_code: 70,
        ..Default::default()
    };
    let mut w = Writer::new();
    ignorable.encode(&mut w, 6).unwrap();
    let (bytes, _) = w.finish();
    assert_eq!(
        FetchResponse::decode(&mut Reader::new(&bytes), 6),
        Ok(FetchResponse::default())
    );
}

#[test]
fn null_only_where_the_version_allows_it() {
    let all = MetadataRequest {
        topics: None,
        ..Default::default()
    };
    assert_eq!(
        all.encode(&mut Writer::new(), 0),
        Err(EncodeError::Null {
            field: "Topics",
            version: 0
        })
    );
    assert_eq!(all.encode(&mut Writer::new(), 1), Ok(()));
}

#[test]
fn a_version_that_is_not_there_is_refused() {
    for version in [1, 5] {
        assert_eq!(
            OffsetForLeaderEpochRequest::default().encode(&mut Writer::new(), version),
            Err(EncodeError::Version {
                of: "OffsetForLeaderEpochRequest",
                version
            })
        );
    }
}

#[test]
fn defaults_are_the_specs() {
    let request = OffsetForLeaderEpochRequest::default();
    assert_eq!(request.replica_id, -2);
    let response = MetadataResponse::default();
    assert_eq!(response.controller_id, -1);
    assert_eq!(response.cluster_authorized_operations, i32::MIN);
    let partition = PartitionData::default();
    assert_eq!(
        (partition.last_stable_offset, partition.records),
        (-1, None)
    );
}

/// Puts bytes into the holes of a frame, as a connection does.
fn filled(frame: &Frame, pieces: &[&[u8]]) -> Vec<u8> {
    let (mut out, mut from) = (Vec::new(), 0);
    assert_eq!(frame.holes.len(), pieces.len());
    for (hole, piece) in frame.holes.iter().zip(pieces) {
        assert_eq!(hole.len, piece.len());
        out.extend(&frame.bytes[from..hole.at]);
        out.extend(*piece);
        from = hole.at;
    }
    out.extend(&frame.bytes[from..]);
    out
}

#[test]
fn a_fetch_response_with_holes_is_the_one_without_once_they_are_filled() {
    let (long, short) = (vec![1u8; 40_000], vec![2u8; 3]);
    let answer = |of: fn(&[u8]) -> Records<'_>| {
        let partition = |index, bytes| PartitionData {
            partition_index: index,
            records: Some(of(bytes)),
            ..Default::default()
        };
        let topic = FetchableTopicResponse {
            topic: "t".into(),
            partitions: vec![
                partition(0, &long[..]),
                partition(1, &[]),
                partition(2, &short[..]),
            ],
            ..Default::default()
        };
        let body = FetchResponse {
            responses: vec![topic],
            ..Default::default()
        };
        [4, 12].map(|version| {
            response(ApiKey::Fetch, version, 9, |w| body.encode(w, version)).unwrap()
        })
    };
    let apart = answer(|bytes| Records::Apart(bytes.len()));
    let whole = answer(|bytes| Records::Bytes(bytes));
    for (apart, whole) in apart.iter().zip(&whole) {
        assert!(whole.holes.is_empty() && apart.bytes.len() < 1_000);
        let filled = filled(apart, &[&long, &short]);
        assert_eq!(filled, whole.bytes);
        let mut r = Reader::new(&filled);
        assert_eq!(r.i32(), Ok(filled.len() as i32 - 4));
        assert_eq!(
            ResponseHeader::decode(&mut r, 0),
            Ok(ResponseHeader { correlation_id: 9 })
        );
    }
}
