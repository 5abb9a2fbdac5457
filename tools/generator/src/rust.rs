//! A message as Rust: one file with its structs, their defaults, and how they are read and written.
//!
//! The code calls the primitives of the protocol crate's `wire` and nothing else, and decides at run time only
//! what differs between versions.

use crate::name;
use crate::spec::{Field, Kind, Message, Struct, Type, Versions};
use std::fmt::Write;

/// The text of the file, not yet formatted.
pub fn file(message: &Message) -> String {
    let mut body = String::new();
    let top = Struct {
        name: message.name.clone(),
        fields: message.fields.clone(),
    };
    Emit {
        message,
        structure: &top,
        top: true,
        within: message.coded(),
    }
    .all(&mut body);
    for structure in &message.structs {
        let within = message.reach(&structure.name);
        if !within.is_empty() {
            Emit {
                message,
                structure,
                top: false,
                within,
            }
            .all(&mut body);
        }
    }
    let uses = |path: &str, words: &[&str]| {
        let used: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| mentions(&body, word))
            .collect();
        if used.is_empty() {
            String::new()
        } else {
            format!("use {path}::{{{}}};\n", used.join(", "))
        }
    };
    let wire = [
        "DecodeError",
        "Element",
        "EncodeError",
        "Reader",
        "Records",
        "Writer",
    ];
    format!(
        "//! {}. Generated from `specs/{}.spec`.\n\n{}{}{}\n{body}",
        describe(message),
        message.name,
        uses("crate", &["ApiKey", "Uuid"]),
        uses("crate::wire", &wire),
        uses("std::borrow", &["Cow"]),
    )
}

fn mentions(body: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    body.split(|c: char| !part(c)).any(|found| found == word)
}

fn describe(message: &Message) -> String {
    let mut text = format!("{}: ", message.name);
    if let Some(key) = message.key {
        let _ = write!(text, "key {key}, ");
    }
    let Versions { first, last } = message.versions;
    let _ = if first == last {
        write!(text, "version {first}")
    } else {
        write!(text, "versions {first} to {last}")
    };
    if let Some(version) = message.unstable {
        let _ = write!(text, ", {version} not advertised");
    }
    if !message.flexible.is_empty() {
        let _ = write!(text, ", flexible from {}", message.flexible.first);
    }
    text
}

/// Whether a value of this type borrows from what it was read from.
pub fn borrows(message: &Message, kind: &Type) -> bool {
    match kind {
        Type::String | Type::Bytes | Type::Records => true,
        Type::Array(element) => borrows(message, element),
        Type::Struct(name) => message
            .structure(name)
            .is_some_and(|s| struct_borrows(message, s)),
        _ => false,
    }
}

fn struct_borrows(message: &Message, structure: &Struct) -> bool {
    coded(message, structure).any(|field| borrows(message, &field.kind))
}

/// Whether the message's own struct has a lifetime.
pub fn message_borrows(message: &Message) -> bool {
    message
        .fields
        .iter()
        .any(|field| lives(message, field) && borrows(message, &field.kind))
}

fn lives(message: &Message, field: &Field) -> bool {
    !field.versions.and(message.coded()).is_empty()
}

/// The fields that any version with code has.
fn coded<'m>(message: &'m Message, structure: &'m Struct) -> impl Iterator<Item = &'m Field> {
    structure
        .fields
        .iter()
        .filter(|field| lives(message, field))
}

/// The fewest bytes that a struct takes in a version.
fn least(message: &Message, fields: &[Field], version: i16) -> usize {
    let flexible = message.flexible.contains(version);
    let here = fields
        .iter()
        .filter(|field| field.versions.contains(version) && field.tag.is_none());
    let sum: usize = here
        .map(|field| match &field.kind {
            Type::Bool | Type::Int8 => 1,
            Type::Int16 | Type::Uint16 => 2,
            Type::Int32 | Type::Uint32 => 4,
            Type::Int64 | Type::Float64 => 8,
            Type::Uuid => 16,
            Type::String if !flexible => 2,
            Type::Bytes | Type::Records | Type::Array(_) if !flexible => 4,
            Type::Struct(_) if field.nullable.contains(version) => 1,
            Type::Struct(name) => message
                .structure(name)
                .map_or(0, |s| least(message, &s.fields, version)),
            _ => 1,
        })
        .sum();
    sum + usize::from(flexible)
}

/// When a field is there, as a condition on `version`; `None` for always.
fn condition(versions: Versions, within: Versions) -> Option<String> {
    let Versions { first, last } = versions.and(within);
    match (first == within.first, last == within.last) {
        (true, true) => None,
        _ if first == last => Some(format!("version == {first}")),
        (true, false) => Some(format!("version <= {last}")),
        (false, true) => Some(format!("version >= {first}")),
        (false, false) => Some(format!("({first}..={last}).contains(&version)")),
    }
}

fn not(condition: &str) -> String {
    if condition.starts_with('(') {
        format!("!{condition}")
    } else if condition.contains("==") {
        condition.replace("==", "!=")
    } else if condition.contains(">=") {
        condition.replace(">=", "<")
    } else {
        condition.replace("<=", ">")
    }
}

struct Emit<'m> {
    message: &'m Message,
    structure: &'m Struct,
    top: bool,
    /// The versions in which it occurs.
    within: Versions,
}

impl Emit<'_> {
    fn all(&self, out: &mut String) {
        self.definition(out);
        self.default(out);
        if self.top {
            self.message_methods(out)
        } else {
            self.element(out)
        }
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        coded(self.message, self.structure)
            .filter(|field| !field.versions.and(self.within).is_empty())
    }

    fn tagged(&self) -> Vec<&Field> {
        let mut tagged: Vec<&Field> = self.fields().filter(|field| field.tag.is_some()).collect();
        tagged.sort_by_key(|field| field.tag);
        tagged
    }

    fn life(&self) -> &'static str {
        if struct_borrows(self.message, self.structure) {
            "<'a>"
        } else {
            ""
        }
    }

    fn nullable(&self, field: &Field) -> bool {
        let within = self.within.and(field.versions);
        field.kind == Type::Records || !field.nullable.and(within).is_empty()
    }

    fn plain_type(&self, kind: &Type) -> String {
        match kind {
            Type::Bool => "bool".into(),
            Type::Int8 => "i8".into(),
            Type::Int16 => "i16".into(),
            Type::Int32 => "i32".into(),
            Type::Int64 => "i64".into(),
            Type::Uint16 => "u16".into(),
            Type::Uint32 => "u32".into(),
            Type::Float64 => "f64".into(),
            Type::Uuid => "Uuid".into(),
            Type::String => "Cow<'a, str>".into(),
            Type::Bytes => "Cow<'a, [u8]>".into(),
            Type::Records => "Records<'a>".into(),
            Type::Struct(name) if borrows(self.message, kind) => format!("{name}<'a>"),
            Type::Struct(name) => name.clone(),
            Type::Array(element) => format!("Vec<{}>", self.plain_type(element)),
        }
    }

    fn definition(&self, out: &mut String) {
        let Struct { name, .. } = self.structure;
        let doc = if self.top {
            describe(self.message)
        } else {
            format!("Part of {}", self.message.name)
        };
        let derived = if self.has_plain_default() {
            ", Default"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "/// {doc}.\n#[derive(Clone, Debug{derived}, PartialEq)]"
        );
        let _ = writeln!(out, "pub struct {name}{} {{", self.life());
        for field in self.fields() {
            let kind = self.plain_type(&field.kind);
            let kind = if self.nullable(field) {
                format!("Option<{kind}>")
            } else {
                kind
            };
            let _ = writeln!(
                out,
                "/// {}.\npub {}: {kind},",
                self.field_doc(field),
                name::field(&field.name)
            );
        }
        let _ = writeln!(out, "}}\n");
    }

    fn field_doc(&self, field: &Field) -> String {
        let within = self.within;
        let words = |versions: Versions| match condition(versions, within) {
            None => "all versions".to_owned(),
            Some(_) => {
                let Versions { first, last } = versions.and(within);
                match (first == last, last == within.last) {
                    (true, _) => format!("version {first}"),
                    (false, true) => format!("versions {first}+"),
                    (false, false) => format!("versions {first} to {last}"),
                }
            }
        };
        let mut doc = words(field.versions);
        doc[..1].make_ascii_uppercase();
        let nullable = field.nullable.and(within).and(field.versions);
        if nullable == field.versions.and(within) {
            doc.push_str(", nullable");
        } else if !nullable.is_empty() {
            let _ = write!(doc, ", null in {}", words(nullable));
        }
        if let Some(tag) = field.tag {
            let _ = write!(doc, ", tag {tag}");
        }
        doc
    }

    fn has_plain_default(&self) -> bool {
        self.fields()
            .all(|field| match (&field.default, self.nullable(field)) {
                (_, true) => field.defaults_to_null(),
                (default, false) => default.is_none(),
            })
    }

    fn default_value(&self, field: &Field) -> String {
        if self.nullable(field) && field.defaults_to_null() {
            return "None".into();
        }
        let plain = match (&field.kind, &field.default) {
            (Type::String, Some(text)) => format!("Cow::Borrowed({text:?})"),
            (_, Some(value)) => value.clone(),
            (Type::String, None) => "Cow::Borrowed(\"\")".into(),
            (Type::Bytes, None) => "Cow::Borrowed(&[])".into(),
            (Type::Bool, None) => "false".into(),
            (Type::Float64, None) => "0.0".into(),
            (Type::Uuid, None) => "Uuid::ZERO".into(),
            (Type::Array(_), None) => "Vec::new()".into(),
            (Type::Struct(name), None) => format!("{name}::default()"),
            (_, None) => "0".into(),
        };
        if self.nullable(field) {
            format!("Some({plain})")
        } else {
            plain
        }
    }

    fn default(&self, out: &mut String) {
        if self.has_plain_default() {
            return;
        }
        let life = if self.life().is_empty() { "" } else { "<'_>" };
        let _ = writeln!(
            out,
            "impl Default for {}{life} {{\nfn default() -> Self {{\nSelf {{",
            self.structure.name
        );
        for field in self.fields() {
            let _ = writeln!(
                out,
                "{}: {},",
                name::field(&field.name),
                self.default_value(field)
            );
        }
        let _ = writeln!(out, "}}\n}}\n}}\n");
    }

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

    fn message_methods(&self, out: &mut String) {
        let message = self.message;
        let (life, any) = (
            self.life(),
            if self.life().is_empty() { "'_" } else { "'a" },
        );
        let _ = writeln!(out, "impl{life} {}{life} {{", message.name);
        let Versions { first, last } = message.versions;
        match (message.kind, message.key) {
            (Kind::Request | Kind::Response, _) => {
                let api = message
                    .name
                    .trim_end_matches("Request")
                    .trim_end_matches("Response");
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

    fn element(&self, out: &mut String) {
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
        let flexible = self.flexible();
        let nullable = self.nullable(field);
        let null = self.null_when(field);
        match (&field.kind, nullable) {
            (Type::String, false) => format!("r.string({flexible})?"),
            (Type::String, true) => format!("r.nullable_string({flexible}, {null})?"),
            (Type::Bytes, false) => format!("r.bytes({flexible})?"),
            (Type::Bytes, true) => format!("r.nullable_bytes({flexible}, {null})?"),
            (Type::Records, _) => format!("r.records({flexible}, {null})?"),
            (Type::Array(_), false) => format!("r.array({flexible}, version)?"),
            (Type::Array(_), true) => format!("r.nullable_array({flexible}, version, {null})?"),
            (Type::Struct(_), false) => format!("Element::read(r, {flexible}, version)?"),
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
        let lost = |field: &Field| {
            format!(
                "return Err(EncodeError::Lost {{ field: {:?}, version }});",
                field.name
            )
        };
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
        let flexible = self.flexible();
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
                "if {when} {{ return Err(EncodeError::Null {{ field: {:?}, version }}); }}\n",
                field.name
            )
        });
        let write = match (&field.kind, nullable) {
            (Type::String, false) => format!("w.string(&{it}, {flexible})?;"),
            (Type::String, true) => format!("w.nullable_string({it}.as_deref(), {flexible})?;"),
            (Type::Bytes, false) => format!("w.bytes(&{it}, {flexible})?;"),
            (Type::Bytes, true) => format!("w.nullable_bytes({it}.as_deref(), {flexible})?;"),
            (Type::Records, _) => format!("w.records({it}, {flexible})?;"),
            (Type::Array(_), false) => format!("w.array(&{it}, {flexible}, version)?;"),
            (Type::Array(_), true) => {
                format!("w.nullable_array({it}.as_deref(), {flexible}, version)?;")
            }
            (Type::Struct(_), false) => format!("{it}.write(w, {flexible}, version)?;"),
            (Type::Struct(_), true) => format!(
                "w.i8(if {it}.is_some() {{ 1 }} else {{ -1 }});\nif let Some(inner) = &{it} {{ inner.write(w, {flexible}, version)?; }}"
            ),
            (Type::Uuid, _) => format!("w.uuid({it});"),
            (kind, _) => format!("w.{}({it});", self.plain_type(kind)),
        };
        refuse.unwrap_or_default() + &write
    }
}
