//! Kafka's wire codec: headers, API keys, error codes, messages, and the records on disk.
//!
//! Bytes come in as slices and are borrowed by what is decoded; what is encoded goes out through a
//! [`wire::Writer`]. Nothing here waits, and nothing here knows a connection, a file or a clock.
//!
//! Invariants
//! - P1: bytes from outside never panic and never recurse: the nesting of a message is that of its spec.
//! - P2: memory taken while decoding is at most a constant times the bytes present (see [`wire::Reader`]).
//! - P3: what `encode` writes in a version, `decode` of that version reads back as the same value.
#![forbid(unsafe_code)]

mod api_key;
mod coordinator_record;
mod error_code;
mod frame;
mod header;
pub mod messages;
pub mod record_frame;
mod uuid;
pub mod wire;

pub use api_key::ApiKey;
pub use error_code::ErrorCode;
pub use frame::{Frame, data, request, response};
pub use messages::{RequestHeader, ResponseHeader, versions};
pub use uuid::{BadUuid, Uuid};
pub use wire::{DecodeError, Elements, EncodeError, Hole, Reader, Records, Writer};
