//! Judges what is to be appended, and makes the bytes that will be: in all but a few cases the very bytes that came.
//!
//! Nothing of a client is believed. The checksum is computed once, here. Uncompressed records are walked; compressed
//! ones are believed by their header unless a rule needs their records (`strict_validation`, a compacted topic, another
//! codec for the topic), which is work for a [`crate::LogJob`].
//!
//! A batch whose records unpack to more than is allowed is told MESSAGE_TOO_LARGE: it lies or is a bomb, and a producer that did mean it
//! cuts it in two and sends it again.
//!
//! Invariants
//! - V1: what is judged ready is exactly one batch of format 2 whose checksum is right.
//! - V2: where records were unpacked before they were believed, what is stored of them can be unpacked again.

use bytes::Bytes;
use ottla_machine::WallMs;
use ottla_record::{
    Batch, Compression, Header, Malformed, NO_TIMESTAMP, Survey, TimestampType,
    clear_timestamp_type_bit, recompress, restamp_append_time, set_max_timestamp,
};

use crate::limits::{BATCH_BYTES, RECORD_ERRORS, UNPACK_RATIO, UNPACKED_LEAST};
use crate::{LogConfig, Origin, Ready, Refusal, RefusalKind};

/// What compressed records of a batch may unpack to.
pub(crate) fn unpack_limit(packed: usize) -> usize {
    packed.saturating_mul(UNPACK_RATIO).max(UNPACKED_LEAST)
}

/// Whether judging these records takes more than a walk over their bytes.
pub(crate) fn is_long(config: &LogConfig, records: &[u8], origin: Origin) -> bool {
    let codec = Header::parse(records).and_then(|header| header.compression());
    match (codec, origin) {
        (Err(_), _) | (_, Origin::Node) => false,
        (Ok(codec), Origin::Client { .. }) => {
            let packed = codec != Compression::None;
            packed && (config.strict_validation || config.compact)
                || config
                    .compression
                    .is_some_and(|(wanted, _)| wanted != codec)
        }
    }
}

/// Judges one batch.
pub(crate) fn judge(
    config: &LogConfig,
    now: WallMs,
    records: Bytes,
    pins: usize,
    origin: Origin,
) -> Result<Ready, Refusal> {
    if origin == Origin::Node {
        let header = *one_batch(&records)?.header();
        return Ok(Ready {
            header,
            records,
            pins,
            append_time_ms: NO_TIMESTAMP,
            origin,
        });
    }
    let batch = one_batch(&records)?;
    check_header(config, &batch, origin)?;
    let codec = batch.header().compression().map_err(malformed)?;
    let survey = survey(config, &batch, codec)?;
    check_times(config, now, &batch, survey.as_ref())?;
    if let Some(survey) = &survey
        && config.compact
    {
        check_keys(&batch, survey)?;
    }
    let rewritten = rewrite(config, now, &batch, codec, survey)?;
    let (records, pins) = match rewritten {
        None => (records, pins),
        Some(bytes) => {
            let len = bytes.len();
            (Bytes::from(bytes), len)
        }
    };
    // V1: a rewritten batch is one again.
    let header = Header::parse(&records).map_err(malformed)?;
    if header.size() > most_bytes(config) {
        return Err(too_large(header.size(), config));
    }
    Ok(Ready {
        header,
        records,
        pins,
        append_time_ms: if config.append_time {
            now.0
        } else {
            NO_TIMESTAMP
        },
        origin,
    })
}

fn malformed(why: Malformed) -> Refusal {
    let kind = match why {
        Malformed::Crc | Malformed::Magic(_) | Malformed::Length(_) => RefusalKind::Corrupt,
        Malformed::Codec(_) => RefusalKind::UnknownCodec,
        Malformed::TooLarge => RefusalKind::TooLarge,
        _ => RefusalKind::InvalidRecord,
    };
    Refusal::new(kind, format!("the batch was refused: {why}"))
}

fn invalid(why: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::InvalidRecord, why)
}

fn too_large(size: usize, config: &LogConfig) -> Refusal {
    Refusal::new(
        RefusalKind::TooLarge,
        format!(
            "a batch of {size} bytes is larger than max.message.bytes, {}",
            most_bytes(config)
        ),
    )
}

/// Whatever the topic allows: what recovery would not take for a batch is never acknowledged.
fn most_bytes(config: &LogConfig) -> usize {
    config.max_message_bytes.min(BATCH_BYTES)
}

fn one_batch(records: &Bytes) -> Result<Batch<'_>, Refusal> {
    let batch = Batch::parse(records).map_err(malformed)?;
    if batch.bytes().len() == records.len() {
        Ok(batch)
    } else {
        Err(invalid("exactly one batch can be appended at a time"))
    }
}

fn check_header(config: &LogConfig, batch: &Batch<'_>, origin: Origin) -> Result<(), Refusal> {
    let header = batch.header();
    let size = header.size();
    if header.base_offset != 0 {
        return Err(invalid("a producer's batch begins at offset 0"));
    }
    if size > most_bytes(config) {
        return Err(too_large(size, config));
    }
    if size as u64 > config.segment_bytes {
        return Err(Refusal::new(
            RefusalKind::LargerThanSegment,
            format!(
                "a batch of {size} bytes is larger than segment.bytes, {}",
                config.segment_bytes
            ),
        ));
    }
    if !batch.crc_is_right() {
        return Err(malformed(Malformed::Crc));
    }
    if header.is_control() {
        return Err(invalid("producers cannot write control records"));
    }
    if header.has_producer_id() && header.base_sequence < 0 {
        return Err(invalid(
            "a batch with a producer id needs a sequence number",
        ));
    }
    if header.is_transactional() {
        let Origin::Client { transactional } = origin else {
            return Ok(());
        };
        return Err(if transactional {
            Refusal::new(
                RefusalKind::UnknownTransaction,
                "no transaction of this producer is open here",
            )
        } else {
            Refusal::new(
                RefusalKind::NoTransactionalId,
                "a transactional batch came without a transactional id",
            )
        });
    }
    Ok(())
}

/// The records' own testimony, where it is cheap or needed.
fn survey(
    config: &LogConfig,
    batch: &Batch<'_>,
    codec: Compression,
) -> Result<Option<Survey>, Refusal> {
    let wanted = config
        .compression
        .is_some_and(|(wanted, _)| wanted != codec);
    if codec == Compression::None || config.strict_validation || config.compact || wanted {
        let limit = unpack_limit(batch.bytes().len());
        batch.survey(limit).map(Some).map_err(malformed)
    } else {
        batch.check_shallow().map(|()| None).map_err(malformed)
    }
}

fn check_times(
    config: &LogConfig,
    now: WallMs,
    batch: &Batch<'_>,
    survey: Option<&Survey>,
) -> Result<(), Refusal> {
    if config.append_time {
        return Ok(());
    }
    let earliest = now.0.saturating_sub(config.timestamp_before_max_ms);
    let latest = now.0.saturating_add(config.timestamp_after_max_ms);
    let out =
        |timestamp: i64| timestamp != NO_TIMESTAMP && !(earliest..=latest).contains(&timestamp);
    let sentence = |timestamp: i64| {
        Some(format!(
            "its timestamp {timestamp} lies outside {earliest}..={latest}"
        ))
    };
    let header = batch.header();
    let errors = match survey {
        None => [header.max_timestamp, header.base_timestamp]
            .into_iter()
            .find(|timestamp| out(*timestamp))
            .map(|timestamp| vec![(0, sentence(timestamp))])
            .unwrap_or_default(),
        // "No timestamp" is allowed and smaller than all others: it says nothing of the smallest real one.
        Some(survey)
            if survey.min_timestamp != NO_TIMESTAMP
                && !out(survey.min_timestamp)
                && !out(survey.max_timestamp) =>
        {
            Vec::new()
        }
        Some(_) => offenders(batch, |record| {
            let timestamp = header.timestamp_of(record);
            out(timestamp).then(|| sentence(timestamp))
        })?,
    };
    if errors.is_empty() {
        return Ok(());
    }
    Err(Refusal {
        kind: RefusalKind::InvalidTimestamp,
        message: "the batch holds records whose timestamps the topic does not allow".to_owned(),
        record_errors: errors,
    })
}

fn check_keys(batch: &Batch<'_>, survey: &Survey) -> Result<(), Refusal> {
    if survey.first_without_key.is_none() {
        return Ok(());
    }
    let errors = offenders(batch, |record| {
        let sentence = || Some("a record of a compacted topic needs a key".to_owned());
        record.key.is_none().then(sentence)
    })?;
    Err(Refusal {
        kind: RefusalKind::InvalidRecord,
        message: format!(
            "{} of the batch's records have no key, and the topic is compacted",
            errors.len()
        ),
        record_errors: errors,
    })
}

/// Indexes and sentences of the records that `judge` names, the first few.
fn offenders(
    batch: &Batch<'_>,
    judge: impl Fn(&ottla_record::Record<'_>) -> Option<Option<String>>,
) -> Result<Vec<(i32, Option<String>)>, Refusal> {
    let limit = unpack_limit(batch.bytes().len());
    let records = batch.records(limit).map_err(malformed)?;
    let mut errors = Vec::new();
    for record in &records {
        let record = record.map_err(malformed)?;
        if let Some(sentence) = judge(&record) {
            errors.push((record.offset_delta, sentence));
            if errors.len() == RECORD_ERRORS {
                break;
            }
        }
    }
    Ok(errors)
}

/// The bytes to append when they are not the ones that came.
fn rewrite(
    config: &LogConfig,
    now: WallMs,
    batch: &Batch<'_>,
    codec: Compression,
    survey: Option<Survey>,
) -> Result<Option<Vec<u8>>, Refusal> {
    let limit = unpack_limit(batch.bytes().len());
    let mut bytes = match config.compression {
        Some((wanted, level)) if wanted != codec => {
            let most = most_bytes(config);
            let again = recompress(batch, wanted, level, limit, most).map_err(malformed)?;
            // V2
            if survey.is_some_and(|survey| survey.unpacked > unpack_limit(again.len())) {
                return Err(malformed(Malformed::TooLarge));
            }
            Some(again)
        }
        _ => None,
    };
    let header = batch.header();
    if config.append_time {
        let from = bytes.as_deref().unwrap_or(batch.bytes());
        return Ok(Some(restamp_append_time(from, now.0)));
    }
    if header.timestamp_type() == TimestampType::LogAppendTime {
        let from = bytes.as_deref().unwrap_or(batch.bytes());
        bytes = Some(clear_timestamp_type_bit(from));
    }
    // What a batch with the stray bit said of its times was its max timestamp; its records say more.
    let newest = match (&survey, header.timestamp_type()) {
        (None, _) => header.max_timestamp,
        (Some(survey), TimestampType::CreateTime) => survey.max_timestamp,
        (Some(_), TimestampType::LogAppendTime) => {
            let plain = bytes.as_deref().unwrap_or(batch.bytes());
            let plain = Batch::parse(plain).map_err(malformed)?;
            plain.survey(limit).map_err(malformed)?.max_timestamp
        }
    };
    if newest != header.max_timestamp {
        let from = bytes.as_deref().unwrap_or(batch.bytes());
        bytes = Some(set_max_timestamp(from, newest));
    }
    Ok(bytes)
}
