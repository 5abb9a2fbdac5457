//! Judges what is to be appended.

use bytes::Bytes;
use ottla_machine::WallMs;
use ottla_record::Batch;

use crate::{LogConfig, Origin, Ready, Refusal, RefusalKind};

/// Judges one batch.
pub fn judge(
    config: &LogConfig,
    now: WallMs,
    records: Bytes,
    pins: usize,
    origin: Origin,
) -> Result<Ready, Refusal> {
    let batch = Batch::parse(&records)
        .map_err(|why| Refusal::new(RefusalKind::InvalidRecord, why.to_string()))?;
    let header = *batch.header();
    let append_time_ms = if config.append_time { now.0 } else { -1 };
    Ok(Ready {
        header,
        records,
        pins,
        append_time_ms,
        origin,
    })
}
