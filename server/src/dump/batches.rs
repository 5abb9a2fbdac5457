//! Batches and their records, of segments and of snapshots of the metadata. In: a file and whose it is. Out: a line for each batch and for
//! each record in it.

use std::io::{self, Write};
use std::path::Path;

use ottla_record::{Batch, Header, Malformed, Record, TimestampType, control_kind};

use super::decoded::{self, Own};
use super::fields::fields;
use super::show::{self, Fields, Show};
use crate::segment::{self, End, Found};

/// What a batch may unpack to: more than any broker takes.
const UNPACKED: usize = 1 << 30;

/// Shows a file of batches.
pub fn show<W: Write>(path: &Path, own: Option<Own>, show: &mut Show<'_, W>) -> io::Result<()> {
    let mut shown = Ok(());
    let read = segment::read(path, |found| {
        if shown.is_ok() {
            shown = show_batch(&found, own, show);
        }
    });
    shown?;
    match read? {
        (_, End::Whole) => Ok(()),
        (
            _,
            End::Torn {
                position,
                zeros: true,
                ..
            },
        ) => show.damage(Some(position), "only zeros follow"),
        (_, End::Torn { position, why, .. }) => show.damage(Some(position), &why.to_string()),
    }
}

fn show_batch<W: Write>(found: &Found, own: Option<Own>, show: &mut Show<'_, W>) -> io::Result<()> {
    let header = &found.header;
    show.line(
        "batch",
        || batch_text(found.position, header),
        || batch_fields(found.position, header),
    )?;
    if !found.is_whole() {
        return show.damage(Some(found.position), "the checksum of the batch is wrong");
    }
    let records = Batch::parse(&found.bytes).and_then(|batch| batch.records(UNPACKED));
    let records = match records {
        Ok(records) => records,
        Err(why) => return show.damage(Some(found.position), &why.to_string()),
    };
    for record in records.iter() {
        match record {
            Ok(record) => show_record(found.position, header, &record, own, show)?,
            Err(why) => return show.damage(Some(found.position), &why.to_string()),
        }
    }
    Ok(())
}

fn codec(header: &Header) -> String {
    match header.compression() {
        Ok(compression) => format!("{compression:?}").to_lowercase(),
        Err(why) => why.to_string(),
    }
}

/// What is unusual about a batch.
fn flags(header: &Header) -> Vec<&'static str> {
    let flags = [
        (header.is_transactional(), "transactional"),
        (header.is_control(), "control"),
        (
            header.timestamp_type() == TimestampType::LogAppendTime,
            "append time",
        ),
        (header.has_delete_horizon(), "delete horizon"),
    ];
    flags
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| name)
        .collect()
}

fn batch_text(position: u64, header: &Header) -> String {
    let mut text = format!(
        "batch at byte {position}: offsets {} to {}, {} records, {} bytes, {}, leader epoch {}, newest {}",
        header.base_offset,
        header.last_offset(),
        header.records_count,
        header.size(),
        codec(header),
        header.partition_leader_epoch,
        header.max_timestamp,
    );
    if header.has_producer_id() {
        text += &format!(
            ", producer {} epoch {} sequence {}",
            header.producer_id, header.producer_epoch, header.base_sequence
        );
    }
    for flag in flags(header) {
        text += ", ";
        text += flag;
    }
    text
}

fn batch_fields(position: u64, header: &Header) -> Fields {
    vec![
        ("position", position.into()),
        ("baseOffset", header.base_offset.into()),
        ("lastOffset", header.last_offset().into()),
        ("count", header.records_count.into()),
        ("bytes", header.size().into()),
        ("codec", codec(header).into()),
        ("leaderEpoch", header.partition_leader_epoch.into()),
        ("baseTimestamp", header.base_timestamp.into()),
        ("maxTimestamp", header.max_timestamp.into()),
        ("producerId", header.producer_id.into()),
        ("producerEpoch", header.producer_epoch.into()),
        ("baseSequence", header.base_sequence.into()),
        ("crc", header.crc.into()),
        ("flags", flags(header).into()),
    ]
}

fn show_record<W: Write>(
    position: u64,
    header: &Header,
    record: &Record<'_>,
    own: Option<Own>,
    show: &mut Show<'_, W>,
) -> io::Result<()> {
    let said = if header.is_control() {
        let kind = control_kind(record.key).map_err(|why: Malformed| why.to_string());
        Some(kind.and_then(|kind| decoded::control(kind, record.value)))
    } else {
        own.map(|own| {
            let decoded = own.decode(record.key, record.value);
            decoded.map_err(|why| why.to_string())
        })
    };
    let (offset, timestamp) = (header.offset_of(record), header.timestamp_of(record));
    match said {
        Some(Err(why)) => {
            let why = format!("the record at offset {offset} cannot be read: {why}");
            show.damage(Some(position), &why)
        }
        Some(Ok(said)) => show.line(
            "record",
            || format!("  {offset} {timestamp} {said}"),
            || {
                vec![
                    ("offset", offset.into()),
                    ("timestamp", timestamp.into()),
                    ("record", fields(&said)),
                ]
            },
        ),
        None => show.line(
            "record",
            || record_text(offset, timestamp, record),
            || record_fields(offset, timestamp, record),
        ),
    }
}

fn record_text(offset: i64, timestamp: i64, record: &Record<'_>) -> String {
    let (key, value) = (show::text(record.key), show::text(record.value));
    let mut text = format!("  {offset} {timestamp} key {key} value {value}");
    for header in record.headers() {
        let name = header.key.escape_ascii();
        text += &format!(" {name}={}", show::text(header.value));
    }
    text
}

fn record_fields(offset: i64, timestamp: i64, record: &Record<'_>) -> Fields {
    let headers: Vec<_> = record
        .headers()
        .map(|header| [show::bytes(Some(header.key)), show::bytes(header.value)])
        .map(|pair| serde_json::Value::from(pair.to_vec()))
        .collect();
    vec![
        ("offset", offset.into()),
        ("timestamp", timestamp.into()),
        ("key", show::bytes(record.key)),
        ("value", show::bytes(record.value)),
        ("headers", headers.into()),
    ]
}
