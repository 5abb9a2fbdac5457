//! What is written where a version carries less than the value, and where bytes are sent from elsewhere.

use ottla_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use ottla_protocol::messages::{
    FetchResponse, FetchSnapshotResponse, MetadataRequest, MetadataResponse,
    OffsetForLeaderEpochRequest, ShareFetchResponse,
};
use ottla_protocol::{
    ApiKey, EncodeError, Frame, Reader, Records, ResponseHeader, Uuid, Writer, response,
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

/// How records are written.
type Of = fn(&[u8]) -> Records<'_>;

fn apart(bytes: &[u8]) -> Records<'_> {
    Records::Apart(bytes.len())
}

fn whole(bytes: &[u8]) -> Records<'_> {
    Records::Bytes(bytes)
}

/// Encodes a response twice, its records as holes and as bytes: once the holes are filled there is no difference. Its body.
fn same_once_filled(
    key: ApiKey,
    version: i16,
    pieces: &[&[u8]],
    encode: impl Fn(&mut Writer, Of) -> Result<(), EncodeError>,
) -> Vec<u8> {
    let holed = response(key, version, 9, |w| encode(w, apart)).expect("it fits");
    let plain = response(key, version, 9, |w| encode(w, whole)).expect("it fits");
    let records: usize = pieces.iter().map(|piece| piece.len()).sum();
    assert!(plain.holes.is_empty());
    assert_eq!(holed.bytes.len() + records, plain.bytes.len());
    let filled = filled(&holed, pieces);
    assert_eq!(filled, plain.bytes, "{key:?} {version}");
    let mut r = Reader::new(&filled);
    assert_eq!(r.i32(), Ok(filled.len() as i32 - 4));
    assert_eq!(
        ResponseHeader::decode(&mut r, key.response_header_version(version)),
        Ok(ResponseHeader { correlation_id: 9 })
    );
    r.rest().to_vec()
}

#[test]
fn a_fetch_response_with_holes_is_the_one_without_once_they_are_filled() {
    let (long, short) = (vec![1u8; 40_000], vec![2u8; 3]);
    for version in [4, 12, 18] {
        let body = |of: Of| {
            let partition = |index, bytes| PartitionData {
                partition_index: index,
                records: Some(of(bytes)),
                ..Default::default()
            };
            let topic = FetchableTopicResponse {
                partitions: vec![
                    partition(0, &long[..]),
                    partition(1, &[]),
                    partition(2, &short[..]),
                ],
                ..Default::default()
            };
            FetchResponse {
                responses: vec![topic],
                ..Default::default()
            }
        };
        let bytes = same_once_filled(ApiKey::Fetch, version, &[&long, &short], |w, of| {
            body(of).encode(w, version)
        });
        let read = FetchResponse::decode(&mut Reader::new(&bytes), version);
        assert_eq!(read, Ok(body(whole)));
    }
}

/// Behind the records of a partition come those that were acquired, and behind everything the nodes.
#[test]
fn a_share_fetch_response_with_holes_is_the_one_without_once_they_are_filled() {
    use ottla_protocol::messages::share_fetch_response::{
        AcquiredRecords, NodeEndpoint, PartitionData, ShareFetchableTopicResponse,
    };
    let (long, short) = (vec![1u8; 40_000], vec![2u8; 3]);
    for version in ShareFetchResponse::MIN_VERSION..=ShareFetchResponse::MAX_VERSION {
        let body = |of: Of| {
            let partition = |index, bytes| PartitionData {
                partition_index: index,
                records: Some(of(bytes)),
                acquired_records: (0..index as i64)
                    .map(|at| AcquiredRecords {
                        first_offset: at * 10,
                        last_offset: at * 10 + 9,
                        delivery_count: 2,
                    })
                    .collect(),
                ..Default::default()
            };
            let topic = |at: u8, partitions| ShareFetchableTopicResponse {
                topic_id: Uuid([at; 16]),
                partitions,
            };
            ShareFetchResponse {
                responses: vec![
                    topic(1, vec![partition(3, &long[..]), partition(0, &[])]),
                    topic(2, vec![partition(1, &short[..])]),
                ],
                node_endpoints: vec![NodeEndpoint {
                    node_id: 1,
                    host: "h".repeat(200).into(),
                    port: 9092,
                    rack: None,
                }],
                ..Default::default()
            }
        };
        let bytes = same_once_filled(ApiKey::ShareFetch, version, &[&long, &short], |w, of| {
            body(of).encode(w, version)
        });
        let read = ShareFetchResponse::decode(&mut Reader::new(&bytes), version);
        assert_eq!(read, Ok(body(whole)));
    }
}

/// Parts of a snapshot begin and end anywhere in a batch; around each, tagged fields.
#[test]
fn a_fetch_snapshot_response_with_holes_is_the_one_without_once_they_are_filled() {
    use ottla_protocol::messages::fetch_snapshot_response::{
        LeaderIdAndEpoch, NodeEndpoint, PartitionSnapshot, SnapshotId, TopicSnapshot,
    };
    let (long, short) = (vec![1u8; 40_001], vec![2u8; 3]);
    for version in FetchSnapshotResponse::MIN_VERSION..=FetchSnapshotResponse::MAX_VERSION {
        let body = |of: Of| {
            let partition = |index, bytes| PartitionSnapshot {
                index,
                snapshot_id: SnapshotId {
                    end_offset: 77,
                    epoch: 3,
                },
                current_leader: LeaderIdAndEpoch {
                    leader_id: index,
                    leader_epoch: 3,
                },
                size: 50_000,
                position: 7,
                unaligned_records: Some(of(bytes)),
                ..Default::default()
            };
            FetchSnapshotResponse {
                topics: vec![TopicSnapshot {
                    name: "__cluster_metadata".into(),
                    partitions: vec![
                        partition(0, &long[..]),
                        partition(1, &[]),
                        partition(2, &short[..]),
                    ],
                }],
                node_endpoints: match version {
                    0 => Vec::new(),
                    _ => vec![NodeEndpoint {
                        node_id: 1,
                        host: "h".repeat(200).into(),
                        port: 9093,
                    }],
                },
                ..Default::default()
            }
        };
        let pieces: [&[u8]; 2] = [&long, &short];
        let bytes = same_once_filled(ApiKey::FetchSnapshot, version, &pieces, |w, of| {
            body(of).encode(w, version)
        });
        let read = FetchSnapshotResponse::decode(&mut Reader::new(&bytes), version);
        assert_eq!(read, Ok(body(whole)));
    }
}
