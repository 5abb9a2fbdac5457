//! The crate `kafka-wire`, which is generated from the schemas of Kafka 4.4.

use crate::{Ledger, Other};
use ::kafka_wire::KafkaMessage;
use bytes::{Bytes, BytesMut};
use kafka_wire_core::{ApiVersion, DecodeLimits};
use ottla_codectest::{Place, messages, samples, specs};

/// What the crate has or has not.
trait Known {
    fn again(version: i16, bytes: &[u8]) -> Other;
}

/// Of each message one that nobody knows: what the crate has comes before it.
macro_rules! unknown {
    (; $($message:ident)*) => {$(
        #[allow(dead_code)] // where the crate has it
        struct $message;

        impl Known for $message {
            fn again(_: i16, _: &[u8]) -> Other {
                Other::Unknown
            }
        }
    )*};
}

messages!(unknown!());

macro_rules! recode {
    ($place:expr, $bytes:expr; $($message:ident)*) => {
        match $place.name.as_str() {
            $(stringify!($message) => <$message as Known>::again($place.version, $bytes),)*
            name => panic!("no message is called {name}"),
        }
    };
}

impl<M: KafkaMessage> Known for M {
    fn again(version: i16, bytes: &[u8]) -> Other {
        let version = ApiVersion::new(version);
        if !M::supports(version) {
            return Other::Unknown;
        }
        let from = Bytes::copy_from_slice(bytes);
        let mut to = BytesMut::new();
        let value = match M::decode_from_bytes(from, version, DecodeLimits::default()) {
            Err(error) => return Other::Failed(format!("not read: {error}")),
            Ok(value) => value,
        };
        match value.encode_into(&mut to, version) {
            Err(error) => Other::Failed(format!("not written: {error}")),
            Ok(_) => Other::Again(to.to_vec()),
        }
    }
}

fn recode(place: &Place, bytes: &[u8]) -> Other {
    use ::kafka_wire::*;
    messages!(recode!(place, bytes))
}

#[test]
fn kafka_wire_writes_the_same_bytes() {
    let specs = specs();
    Ledger::all(&samples(&specs), recode).settle("kafka-wire 0.1", &specs);
}
