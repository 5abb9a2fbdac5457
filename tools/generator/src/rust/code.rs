//! The code of a struct: how it is read and how it is written.
//!
//! Invariants
//! - C1: fields are read and written in the order of the spec, tagged ones behind them in the order of their tags.

use super::{Emit, condition, least, mentions, not};
use crate::name;
use crate::spec::{Field, Kind, Type, Versions};
use std::fmt::Write;

impl Emit<'_> {
    /// Whether a field is not at its default, as an expression.
    fn differs(&self, field: &Field) -> String {
        let it = format!("self.{}", name::field(&field.name));
        if self.nullable(field) {
            return match (&field.kind, field.defaults_to_null()) {
                (_, true) => format!("{it}.is_some()"),
                (Type::String, _) if field.default.is_some() => {
                    format!(
                        "{it}.as_deref() != Some({:?})",
                        field.default.as_deref().unwrap_or_default()
                    )
                }
                (Type::Struct(_), _) => format!("{it} != {}", self.default_value(field)),
                _ => format!("{it}.as_ref().is_none_or(|it| !it.is_empty())"),
            };
        }
        match (&field.kind, field.default.as_deref()) {
            (Type::Bool, None) => it,
            (Type::Bool, Some(_)) => format!("!{it}"),
            (Type::String, Some(text)) => format!("{it} != {text:?}"),
            (Type::String | Type::Bytes | Type::Array(_), _) => format!("!{it}.is_empty()"),
            _ => format!("{it} != {}", self.default_value(field)),
        }
    }

    /// The word for "this version is flexible".
    fn flexible(&self) -> &'static str {
        let within = self.within;
        let flexible = self.message.flexible.and(within);
        match (flexible == within, flexible.is_empty()) {
            (true, _) => "true",
            (_, true) => "false",
            _ => "flexible",
        }
    }

    /// The same for a field's own encoding.
    fn encoding(&self, field: &Field) -> &'static str {
        if field.rigid {
            "false"
        } else {
            self.flexible()
        }
    }

    pub(super) fn message_methods(&self, out: &mut String) {
        let message = self.message;
        let (life, any) = (
            self.life(),
            if self.life().is_empty() { "'_" } else { "'a" },
        );
        let _ = writeln!(out, "impl{life} {}{life} {{", message.name);
        let Versions { first, last } = message.versions;
        match (message.kind, message.key) {
            (Kind::Request | Kind::Response, _) => {
                let api = message.file();
                let _ = writeln!(
                    out,
                    "/// Which API.\npub const KEY: ApiKey = ApiKey::{api};"
                );
            }
            (_, Some(key)) => {
                let _ = writeln!(out, "/// Which record.\npub const KEY: u16 = {key};");
            }
            (_, None) => {}
        }
        let flexible = if message.flexible.is_empty() {
            "i16::MAX".into()
        } else {
            message.flexible.first.to_string()
        };
        let _ = writeln!(
            out,
            "/// The first version.\npub const MIN_VERSION: i16 = {first};"
        );
        let _ = writeln!(
            out,
            "/// The last version that Kafka serves.\npub const MAX_VERSION: i16 = {last};"
        );
        let _ = writeln!(
            out,
            "/// The first flexible version.\npub const FIRST_FLEXIBLE: i16 = {flexible};\n"
        );
        let Versions { first, last } = message.coded();
        let known = if first == last {
            format!("version != {first}")
        } else {
            format!("!({first}..={last}).contains(&version)")
        };
        let flexible = match self.flexible() {
            "flexible" => "let flexible = version >= Self::FIRST_FLEXIBLE;\n",
            _ => "",
        };
        let name = &message.name;
        let _ = writeln!(
            out,
            "/// Reads it.\npub fn decode(r: &mut Reader<{any}>, version: i16) -> Result<Self, DecodeError> {{
            if {known} {{ return Err(DecodeError::Version {{ of: {name:?}, version: version.into() }}); }}\n{flexible}"
        );
        self.read(out);
        let _ = writeln!(
            out,
            "}}\n\n/// Writes it.\npub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {{
            if {known} {{ return Err(EncodeError::Version {{ of: {name:?}, version }}); }}\n{flexible}"
        );
        self.write(out);
        let _ = writeln!(out, "}}\n}}\n");
    }

    pub(super) fn element(&self, out: &mut String) {
        let (life, any) = (
            self.life(),
            if self.life().is_empty() { "'_" } else { "'a" },
        );
        let Versions { first, last } = self.within;
        let least =
            (first..=last).map(|version| least(self.message, &self.structure.fields, version));
        let least = least.filter(|least| *least > 0).min().unwrap_or(1);
        let (mut read, mut write) = (String::new(), String::new());
        self.read(&mut read);
        self.write(&mut write);
        let word = |body: &str, word: &str| {
            if mentions(body, word) {
                word.to_owned()
            } else {
                format!("_{word}")
            }
        };
        let _ = writeln!(
            out,
            "impl{life} Element<{any}> for {name}{life} {{\nconst LEAST: usize = {least};\n
            fn read(r: &mut Reader<{any}>, {}: bool, {}: i16) -> Result<Self, DecodeError> {{\n{read}}}\n
            fn write(&self, w: &mut Writer, {}: bool, {}: i16) -> Result<(), EncodeError> {{\n{write}}}\n}}\n",
            word(&read, "flexible"),
            word(&read, "version"),
            word(&write, "flexible"),
            word(&write, "version"),
            name = self.structure.name,
        );
    }

    fn read(&self, out: &mut String) {
        let within = self.within;
        if self.fields().next().is_none() && self.flexible() == "false" {
            out.push_str("let _ = r;\nOk(Self::default())\n");
            return;
        }
        let empty = if self.fields().next().is_none() {
            "let it = Self::default();"
        } else {
            "let mut it = Self::default();"
        };
        let _ = writeln!(out, "{empty}");
        for field in self.fields().filter(|field| field.tag.is_none()) {
            let value = self.read_value(field);
            let name = name::field(&field.name);
            let _ = match condition(field.versions, within) {
                Some(when) => writeln!(out, "if {when} {{ it.{name} = {value}; }}"),
                None => writeln!(out, "it.{name} = {value};"),
            };
        }
        let tagged = self.tagged();
        let mut tags = String::new();
        if tagged.is_empty() {
            tags.push_str("r.skip_tags()?;\n");
        } else {
            tags.push_str("for _ in 0..r.tags()? {\nlet field = r.enter()?;\nmatch field.tag {\n");
            for field in &tagged {
                let when = condition(field.versions, within.and(self.message.flexible));
                let when = when.map(|when| format!(" if {when}")).unwrap_or_default();
                let (tag, name) = (field.tag.unwrap_or_default(), name::field(&field.name));
                let _ = writeln!(
                    tags,
                    "{tag}{when} => it.{name} = {},",
                    self.read_value(field)
                );
            }
            tags.push_str("_ => { r.rest(); }\n}\nr.leave(field)?;\n}\n");
        }
        out.push_str(&self.when_flexible(&tags));
        out.push_str("Ok(it)\n");
    }

    fn when_flexible(&self, code: &str) -> String {
        match self.flexible() {
            "true" => code.to_owned(),
            "false" => String::new(),
            _ => format!("if flexible {{\n{code}}}\n"),
        }
    }

    /// The condition under which a nullable field may be null, `true` for always.
    fn null_when(&self, field: &Field) -> String {
        let versions = field.versions.and(self.within);
        if field.nullable.and(versions).is_empty() {
            return "false".into();
        }
        condition(field.nullable, versions).unwrap_or("true".into())
    }

    fn read_value(&self, field: &Field) -> String {
        let flexible = self.encoding(field);
        let nullable = self.nullable(field);
        let null = self.null_when(field);
        match (&field.kind, nullable) {
            (Type::String, false) => format!("r.string({flexible})?"),
            (Type::String, true) => format!("r.nullable_string({flexible}, {null})?"),
            (Type::Bytes, false) => format!("r.bytes({flexible})?"),
            (Type::Bytes, true) => format!("r.nullable_bytes({flexible}, {null})?"),
            (Type::Records, _) => format!("r.records({flexible}, {null})?"),
            (Type::Array(_), _) if field.view => format!("r.elements({flexible}, version)?"),
            (Type::Array(_), false) => format!("r.array({flexible}, version)?"),
            (Type::Array(_), true) => format!("r.nullable_array({flexible}, version, {null})?"),
            (Type::Struct(_), false) => format!("Element::read(r, {flexible}, version)?"),
            // Kafka writes whether a struct is there as a byte, but as a varint inside a tagged field.
            (Type::Struct(_), true) if field.tag.is_some() => format!(
                "if r.uvarint()? > 0 {{ Some(Element::read(r, {flexible}, version)?) }} else {{ None }}"
            ),
            (Type::Struct(_), true) => format!(
                "if r.i8()? >= 0 {{ Some(Element::read(r, {flexible}, version)?) }} else {{ None }}"
            ),
            (Type::Uuid, _) => "r.uuid()?".into(),
            (kind, _) => format!("r.{}()?", self.plain_type(kind)),
        }
    }

    fn write(&self, out: &mut String) {
        let within = self.within;
        if self.fields().next().is_none() && self.flexible() == "false" {
            out.push_str("let _ = w;\n");
        }
        let lost =
            |field: &Field| format!("return Err(EncodeError::lost({:?}, version));", field.name);
        for field in self.fields() {
            let when = condition(field.versions, within);
            let differs = self.differs(field);
            let check = if field.ignorable {
                None
            } else {
                when.as_deref()
            };
            let _ = match (field.tag, &when, check) {
                (Some(_), _, Some(when)) => {
                    writeln!(out, "if {} && {differs} {{ {} }}", not(when), lost(field))
                }
                (Some(_), _, None) => Ok(()),
                (None, None, _) => writeln!(out, "{}", self.write_value(field)),
                (None, Some(when), None) => {
                    writeln!(out, "if {when} {{ {} }}", self.write_value(field))
                }
                (None, Some(when), Some(_)) => writeln!(
                    out,
                    "if {when} {{ {} }} else if {differs} {{ {} }}",
                    self.write_value(field),
                    lost(field)
                ),
            };
        }
        let mut tags = String::new();
        let tagged = self.tagged();
        let _ = writeln!(
            tags,
            "{}w.tags();",
            if tagged.is_empty() { "" } else { "let tags = " }
        );
        for field in tagged {
            let when = condition(field.versions, within.and(self.message.flexible));
            let when = when.map(|when| format!("{when} && ")).unwrap_or_default();
            let _ = writeln!(
                tags,
                "if {when}{} {{\nlet tag = w.open_tag(tags, {});\n{}\nw.close_tag(tag)?;\n}}",
                self.differs(field),
                field.tag.unwrap_or_default(),
                self.write_value(field)
            );
        }
        out.push_str(&self.when_flexible(&tags));
        out.push_str("Ok(())\n");
    }

    fn write_value(&self, field: &Field) -> String {
        let flexible = self.encoding(field);
        let it = format!("self.{}", name::field(&field.name));
        let nullable = self.nullable(field);
        let null = self.null_when(field);
        let refused = match null.as_str() {
            _ if !nullable => None,
            "true" => None,
            "false" => Some(format!("{it}.is_none()")),
            when => Some(format!("{} && {it}.is_none()", not(when))),
        };
        let refuse = refused.map(|when| {
            format!(
                "if {when} {{ return Err(EncodeError::null({:?}, version)); }}\n",
                field.name
            )
        });
        let write = match (&field.kind, nullable) {
            (Type::String, false) => format!("w.string(&{it}, {flexible})?;"),
            (Type::String, true) => format!("w.nullable_string({it}.as_deref(), {flexible})?;"),
            (Type::Bytes, false) => format!("w.bytes(&{it}, {flexible})?;"),
            (Type::Bytes, true) => format!("w.nullable_bytes({it}.as_deref(), {flexible})?;"),
            (Type::Records, _) => format!("w.records({it}, {flexible})?;"),
            (Type::Array(_), _) if field.view => {
                format!("w.elements(&{it}, {flexible}, version)?;")
            }
            (Type::Array(_), false) => format!("w.array(&{it}, {flexible}, version)?;"),
            (Type::Array(_), true) => {
                format!("w.nullable_array({it}.as_deref(), {flexible}, version)?;")
            }
            (Type::Struct(_), false) => format!("{it}.write(w, {flexible}, version)?;"),
            (Type::Struct(_), true) => format!(
                "w.{};\nif let Some(inner) = &{it} {{ inner.write(w, {flexible}, version)?; }}",
                match field.tag {
                    Some(_) => format!("uvarint({it}.is_some().into())"),
                    None => format!("i8(if {it}.is_some() {{ 1 }} else {{ -1 }})"),
                }
            ),
            (Type::Uuid, _) => format!("w.uuid({it});"),
            (kind, _) => format!("w.{}({it});", self.plain_type(kind)),
        };
        refuse.unwrap_or_default() + &write
    }
}
