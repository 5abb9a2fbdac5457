//! The records of the coordinators' topics: the key is the record's type and a message, the value its own version and a message.
//!
//! In: keys and values of `__consumer_offsets`, `__transaction_state` and `__share_group_state`. Out: a `GroupRecord`, a
//! `TransactionRecord` or a `ShareRecord` of `messages`, and keys and values to append.
//!
//! Invariants
//! - C1: a type that nobody here knows is kept as it is, as Kafka passes over it: a newer coordinator may have written it.
//! - C2: no value says that the record's key is gone.
//!
//! Bytes behind a message are left alone, as in Kafka.

/// The records of one topic, as one type: `type Variant(Key, Value)` of each.
macro_rules! coordinator_records {
    (
        $(#[$doc:meta])*
        $name:ident<$a:lifetime> { $($kind:literal $variant:ident($key:ty, $value:ty),)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name<$a> {
            $(
                #[doc = concat!("Type ", $kind, ".")]
                $variant($key, Option<$value>),
            )*
            /// A type that nobody here knows: the key, its type included, and the value.
            Unknown(&$a [u8], Option<&$a [u8]>),
        }

        impl<$a> $name<$a> {
            /// Reads a record.
            pub fn decode(key: &$a [u8], value: Option<&$a [u8]>) -> Result<Self, DecodeError> {
                let mut r = Reader::new(key);
                Ok(match r.i16()? {
                    $($kind => {
                        let key = <$key>::decode(&mut r, 0)?;
                        let value = value.map(|value| {
                            let mut r = Reader::new(value);
                            let version = r.i16()?;
                            <$value>::decode(&mut r, version)
                        });
                        $name::$variant(key, value.transpose()?)
                    })*
                    _ => $name::Unknown(key, value),
                })
            }

            /// Writes a record, its value in this version. Of an unknown one, what was read.
            pub fn encode(&self, version: i16) -> Result<(Bytes, Option<Bytes>), EncodeError> {
                Ok(match self {
                    $($name::$variant(key, value) => {
                        let key = crate::data(|w| {
                            w.i16($kind);
                            key.encode(w, 0)
                        });
                        let value = value.as_ref().map(|value| {
                            crate::data(|w| {
                                w.i16(version);
                                value.encode(w, version)
                            })
                        });
                        (key?, value.transpose()?)
                    })*
                    $name::Unknown(key, value) => {
                        (Bytes::copy_from_slice(key), value.map(Bytes::copy_from_slice))
                    }
                })
            }
        }
    };
}

pub(crate) use coordinator_records;
