//! Any message in any version by the names of its fields, as the specs say: [`Value`] to bytes and back.
//!
//! What a script says reaches the wire as it says it, whether or not it is allowed: null where null is not, any number that fits.
//! What it leaves out has its default. A field that the version does not have is a mistake in the script.
//!
//! Invariants
//! - D1: what is decoded uses up every byte, and is written again as the same bytes.

use crate::value::{Value, unhex};
use ottla_generator::{Field, Kind, Message, Type, read_specs, workspace};
use ottla_protocol::{Reader, Uuid, Writer};

/// The specs of all messages.
pub struct Codec {
    messages: Vec<Message>,
}

/// What holds for all of one message.
#[derive(Clone, Copy)]
struct Within<'m> {
    message: &'m Message,
    version: i16,
    flexible: bool,
}

impl Codec {
    /// Reads the specs.
    pub fn new() -> Result<Codec, String> {
        let messages = read_specs(&workspace()).map_err(|why| format!("the specs: {why}"))?;
        Ok(Codec { messages })
    }

    fn message(&self, name: &str) -> Result<&Message, String> {
        let found = self.messages.iter().find(|message| message.name == name);
        found.ok_or(format!("there is no message {name}"))
    }

    /// Whether a message has a field of that name in some version, and whether in this one.
    pub fn has(&self, message: &str, version: i16, field: &str) -> Result<(bool, bool), String> {
        let fields = &self.message(message)?.fields;
        let found = fields.iter().find(|known| known.name == field);
        Ok((
            found.is_some(),
            found.is_some_and(|field| field.versions.contains(version)),
        ))
    }

    /// A message's bytes.
    pub fn encode(&self, name: &str, version: i16, value: &Value) -> Result<Vec<u8>, String> {
        let message = self.message(name)?;
        let flexible = message.flexible.contains(version);
        let within = Within {
            message,
            version,
            flexible,
        };
        let mut w = Writer::new();
        self.write_fields(within, &message.fields, value, &mut w)
            .map_err(|why| format!("{name} v{version}: {why}"))?;
        Ok(w.finish().0.to_vec())
    }

    /// The message behind all of these bytes (D1).
    pub fn decode(&self, name: &str, version: i16, bytes: &[u8]) -> Result<Value, String> {
        let message = self.message(name)?;
        let flexible = message.flexible.contains(version);
        let within = Within {
            message,
            version,
            flexible,
        };
        let mut r = Reader::new(bytes);
        let value = read_fields(within, &message.fields, &mut r)?;
        r.end().map_err(|why| format!("{why:?}"))?;
        Ok(value)
    }

    fn write_fields(
        &self,
        within: Within<'_>,
        fields: &[Field],
        value: &Value,
        w: &mut Writer,
    ) -> Result<(), String> {
        let Value::Fields(said) = value else {
            return Err(format!("fields are wanted, not {}", value.line()));
        };
        let here = |field: &&Field| field.versions.contains(within.version);
        if let Some((name, _)) = said
            .iter()
            .find(|(name, _)| !fields.iter().filter(here).any(|field| field.name == *name))
        {
            return Err(format!("there is no field {name}"));
        }
        let mut tagged = Vec::new();
        for field in fields.iter().filter(here) {
            let said = said.iter().find(|(name, _)| *name == field.name);
            let wrong = |why| format!("{}: {why}", field.name);
            match (field.tag, said) {
                (None, said) => {
                    let value = said.map_or_else(|| default(field), |(_, value)| value.clone());
                    self.write_field(within, field, &value, w).map_err(wrong)?;
                }
                (Some(tag), Some((_, value))) => {
                    let mut apart = Writer::new();
                    self.write_field(within, field, value, &mut apart)
                        .map_err(wrong)?;
                    tagged.push((tag, apart.finish().0));
                }
                (Some(_), None) => {}
            }
        }
        if within.flexible {
            tagged.sort();
            w.uvarint(tagged.len() as u32);
            for (tag, bytes) in tagged {
                w.uvarint(tag);
                w.uvarint(bytes.len() as u32);
                w.raw(&bytes);
            }
        }
        Ok(())
    }

    fn write_field(
        &self,
        within: Within<'_>,
        field: &Field,
        value: &Value,
        w: &mut Writer,
    ) -> Result<(), String> {
        let within = Within {
            flexible: within.flexible && !field.rigid,
            ..within
        };
        let nullable_struct = matches!(field.kind, Type::Struct(_))
            && (field.nullable.contains(within.version) || *value == Value::Null);
        match value {
            Value::Null if nullable_struct && field.tag.is_none() => w.i8(-1),
            Value::Null => null(&field.kind, within.flexible, w)?,
            _ => {
                if nullable_struct {
                    w.i8(1);
                }
                self.write_value(within, &field.kind, value, w)?;
            }
        }
        Ok(())
    }

    fn write_value(
        &self,
        within: Within<'_>,
        kind: &Type,
        value: &Value,
        w: &mut Writer,
    ) -> Result<(), String> {
        let misfit = || format!("{} is no {kind:?}", value.line());
        match (kind, value) {
            (Type::Bool, Value::Bool(value)) => w.bool(*value),
            (Type::Int8, Value::Number(n)) => w.i8((*n).try_into().map_err(|_| misfit())?),
            (Type::Int16, Value::Number(n)) => w.i16((*n).try_into().map_err(|_| misfit())?),
            (Type::Int32, Value::Number(n)) => w.i32((*n).try_into().map_err(|_| misfit())?),
            (Type::Int64, Value::Number(n)) => w.i64(*n),
            (Type::Uint16, Value::Number(n)) => w.u16((*n).try_into().map_err(|_| misfit())?),
            (Type::Uint32, Value::Number(n)) => w.u32((*n).try_into().map_err(|_| misfit())?),
            (Type::Float64, Value::Bytes(bytes)) => w.raw(bytes),
            (Type::Uuid, Value::Text(text)) => w.uuid(text.parse().map_err(|_| misfit())?),
            (Type::String, Value::Null) | (Type::Bytes, Value::Null) => {
                null(kind, within.flexible, w)?
            }
            (Type::String, _) => {
                let bytes = self.bytes(value)?;
                let text = String::from_utf8(bytes).map_err(|_| misfit())?;
                w.string(&text, within.flexible)
                    .map_err(|why| format!("{why:?}"))?
            }
            (Type::Bytes | Type::Records, _) => w
                .bytes(&self.bytes(value)?, within.flexible)
                .map_err(|why| format!("{why:?}"))?,
            (Type::Struct(name), _) => {
                let fields = &within.message.structure(name).ok_or_else(misfit)?.fields;
                self.write_fields(within, fields, value, w)?;
            }
            (Type::Array(element), Value::List(list)) => {
                match within.flexible {
                    true => w.uvarint(list.len() as u32 + 1),
                    false => w.i32(list.len() as i32),
                }
                for value in list {
                    self.write_value(within, element, value, w)?;
                }
            }
            _ => return Err(misfit()),
        }
        Ok(())
    }

    /// The bytes of text, and of calls: `repeat("x", 9)`, `hex("00ff")`, and a message behind its version as clients put one into a field
    /// of bytes: `versioned("ConsumerProtocolSubscription", 1, {Topics: ["t"]})`.
    pub fn bytes(&self, value: &Value) -> Result<Vec<u8>, String> {
        match value {
            Value::Text(text) => Ok(text.as_bytes().to_vec()),
            Value::Bytes(bytes) => Ok(bytes.clone()),
            Value::Call(name, arguments) => match (name.as_str(), arguments.as_slice()) {
                ("repeat", [Value::Text(text), Value::Number(times)]) => {
                    Ok(text.repeat(*times as usize).into_bytes())
                }
                ("hex", [Value::Text(text)]) => unhex(text),
                ("versioned", [Value::Text(name), Value::Number(version), fields]) => {
                    let version = *version as i16;
                    let message = self.encode(name, version, fields)?;
                    Ok([&version.to_be_bytes(), message.as_slice()].concat())
                }
                _ => Err(format!("there is no call {}", value.line())),
            },
            _ => Err(format!("{} is neither text nor bytes", value.line())),
        }
    }

    /// The name of an API's message.
    pub fn name_of(&self, kind: Kind, key: i16) -> Result<&str, String> {
        let found = self
            .messages
            .iter()
            .find(|message| message.kind == kind && message.key == Some(key));
        found
            .map(|message| message.name.as_str())
            .ok_or(format!("key {key} has no {kind:?}"))
    }
}

/// What a field is when nothing is said.
fn default(field: &Field) -> Value {
    let said = field.default.as_deref();
    match &field.kind {
        _ if field.defaults_to_null() => Value::Null,
        Type::Bool => Value::Bool(said == Some("true")),
        Type::String => Value::Text(said.unwrap_or_default().into()),
        Type::Bytes | Type::Records => Value::Bytes(Vec::new()),
        Type::Float64 => Value::Bytes(vec![0; 8]),
        Type::Uuid => Value::Text(Uuid::ZERO.to_string()),
        Type::Struct(_) => Value::Fields(Vec::new()),
        Type::Array(_) => Value::List(Vec::new()),
        _ => Value::Number(said.and_then(|text| text.parse().ok()).unwrap_or(0)),
    }
}

fn null(kind: &Type, flexible: bool, w: &mut Writer) -> Result<(), String> {
    match kind {
        Type::String | Type::Bytes | Type::Records | Type::Array(_) if flexible => w.uvarint(0),
        Type::String => w.i16(-1),
        Type::Bytes | Type::Records | Type::Array(_) => w.i32(-1),
        Type::Struct(_) => w.uvarint(0),
        _ => return Err(format!("a {kind:?} has no null")),
    }
    Ok(())
}

fn read_fields(within: Within<'_>, fields: &[Field], r: &mut Reader<'_>) -> Result<Value, String> {
    let mut values: Vec<(&str, Value)> = Vec::new();
    let here = |field: &&Field| field.versions.contains(within.version);
    for field in fields.iter().filter(here).filter(|f| f.tag.is_none()) {
        let value = read_field(within, field, r).map_err(|why| format!("{}: {why}", field.name))?;
        values.push((&field.name, value));
    }
    if within.flexible {
        for _ in 0..number(r.uvarint())? {
            let (tag, size) = (number(r.uvarint())?, number(r.uvarint())?);
            let mut inner = Reader::new(number(r.take(size as usize))?);
            let field = fields
                .iter()
                .filter(here)
                .find(|field| field.tag == Some(tag))
                .ok_or(format!("there is no tag {tag}"))?;
            values.push((&field.name, read_field(within, field, &mut inner)?));
            number(inner.end())?;
        }
    }
    let values = values.into_iter();
    Ok(Value::Fields(
        values
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    ))
}

/// What was read, or why it was not.
fn number<T>(read: Result<T, ottla_protocol::DecodeError>) -> Result<T, String> {
    read.map_err(|why| format!("{why:?}"))
}

fn read_field(within: Within<'_>, field: &Field, r: &mut Reader<'_>) -> Result<Value, String> {
    let within = Within {
        flexible: within.flexible && !field.rigid,
        ..within
    };
    let null = field.nullable.contains(within.version);
    if matches!(field.kind, Type::Struct(_)) && null {
        let absent = match field.tag {
            None => number(r.i8())? < 0,
            Some(_) => number(r.uvarint())? == 0,
        };
        if absent {
            return Ok(Value::Null);
        }
    }
    read_value(within, &field.kind, null, r)
}

fn read_value(
    within: Within<'_>,
    kind: &Type,
    null: bool,
    r: &mut Reader<'_>,
) -> Result<Value, String> {
    let flexible = within.flexible;
    Ok(match kind {
        Type::Bool => Value::Bool(number(r.bool())?),
        Type::Int8 => Value::Number(number(r.i8())?.into()),
        Type::Int16 => Value::Number(number(r.i16())?.into()),
        Type::Int32 => Value::Number(number(r.i32())?.into()),
        Type::Int64 => Value::Number(number(r.i64())?),
        Type::Uint16 => Value::Number(number(r.u16())?.into()),
        Type::Uint32 => Value::Number(number(r.u32())?.into()),
        Type::Float64 => Value::Bytes(number(r.take(8))?.to_vec()),
        Type::Uuid => Value::Text(number(r.uuid())?.to_string()),
        Type::String => number(r.nullable_string(flexible, null))?
            .map_or(Value::Null, |text| Value::Text(text.into_owned())),
        Type::Bytes | Type::Records => number(r.nullable_bytes(flexible, null))?
            .map_or(Value::Null, |bytes| Value::Bytes(bytes.into_owned())),
        Type::Struct(name) => {
            let structure = within.message.structure(name);
            read_fields(within, structure.map_or(&[], |s| &s.fields), r)?
        }
        Type::Array(element) => {
            let count = match flexible {
                true => i64::from(number(r.uvarint())?) - 1,
                false => i64::from(number(r.i32())?),
            };
            match count {
                0.. => (0..count)
                    .map(|_| read_value(within, element, false, r))
                    .collect::<Result<_, _>>()
                    .map(Value::List)?,
                _ if null => Value::Null,
                _ => return Err(format!("an array of {count}")),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_generator::{Coverage, Sampler};

    #[test]
    fn what_is_read_is_written_again() {
        let codec = Codec::new().unwrap();
        let mut samples = 0;
        for message in &codec.messages {
            let versions = message.coded();
            for version in versions.first..=versions.last {
                for sample in 0..20 {
                    let mut coverage = Coverage::default();
                    let bytes = Sampler::new(message, version, &mut coverage).sample(sample, false);
                    let value = codec
                        .decode(&message.name, version, &bytes)
                        .unwrap_or_else(|why| panic!("{} v{version}: {why}", message.name));
                    assert_eq!(codec.encode(&message.name, version, &value), Ok(bytes));
                    samples += 1;
                }
            }
        }
        assert!(samples > 5_000, "{samples}");
    }

    #[test]
    fn a_script_may_say_what_is_wrong_but_not_what_is_not_there() {
        let codec = Codec::new().unwrap();
        let encode =
            |version, text| codec.encode("HeartbeatRequest", version, &Value::parse(text).unwrap());
        assert_eq!(
            encode(0, "{GroupId: null, GenerationId: -7}"),
            Ok(vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xf9, 0, 0])
        );
        assert_eq!(encode(4, "{GroupId: null}").unwrap()[0], 0);
        for wrong in ["{Group: 1}", "{GenerationId: 9999999999}", "{GroupId: 1}"] {
            assert!(encode(0, wrong).is_err(), "{wrong}");
        }
        assert!(encode(0, "{GroupInstanceId: null}").is_err(), "came with 3");
    }

    #[test]
    fn bytes_of_calls() {
        let codec = Codec::new().unwrap();
        let bytes = |text| codec.bytes(&Value::parse(text).unwrap());
        assert_eq!(bytes(r#"repeat("ab", 2)"#).unwrap(), b"abab");
        let subscription = r#"versioned("ConsumerProtocolSubscription", 0, {Topics: ["t"]})"#;
        assert_eq!(
            bytes(subscription).unwrap(),
            b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff"
        );
        assert!(bytes("nothing()").is_err());
    }
}
