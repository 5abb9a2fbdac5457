//! The crate `kafka-protocol`, which is generated from the schemas of Kafka 4.1.

use crate::{Ledger, Other};
use ::kafka_protocol::protocol::{Decodable, Encodable, Message};
use bytes::{Bytes, BytesMut};
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

impl<M: Message + Decodable + Encodable> Known for M {
    fn again(version: i16, bytes: &[u8]) -> Other {
        if version < M::VERSIONS.min || version > M::VERSIONS.max {
            return Other::Unknown;
        }
        let (mut from, mut to) = (Bytes::copy_from_slice(bytes), BytesMut::new());
        let read = M::decode(&mut from, version);
        match read.and_then(|value| value.encode(&mut to, version)) {
            Err(error) => Other::Failed(format!("{error:#}")),
            Ok(()) if !from.is_empty() => Other::Failed(format!("{} bytes left over", from.len())),
            Ok(()) => Other::Again(to.to_vec()),
        }
    }
}

fn recode(place: &Place, bytes: &[u8]) -> Other {
    use ::kafka_protocol::messages::*;
    messages!(recode!(place, bytes))
}

#[test]
fn kafka_protocol_writes_the_same_bytes() {
    let specs = specs();
    Ledger::all(&samples(&specs), recode).settle("kafka-protocol 0.18", &specs);
}
