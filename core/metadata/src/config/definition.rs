//! The shape of one row of the catalogue.

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A node's own, or the cluster's default.
    Broker,
    /// A topic's.
    Topic,
    /// A group's.
    Group,
    /// A client metrics subscription's.
    ClientMetrics,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`, in any case of letters.
    Boolean,
    /// Text.
    String,
    /// 32 bits.
    Int,
    /// 16 bits.
    Short,
    /// 64 bits.
    Long,
    /// A fraction.
    Double,
    /// Texts with commas between them.
    List,
    /// The name of a Java class; kept, never loaded.
    Class,
    /// Text that is never shown.
    Password,
}

impl Kind {
    /// The number that DescribeConfigs gives it.
    pub const fn code(self) -> i8 {
        match self {
            Kind::Boolean => 1,
            Kind::String => 2,
            Kind::Int => 3,
            Kind::Short => 4,
            Kind::Long => 5,
            Kind::Double => 6,
            Kind::List => 7,
            Kind::Class => 8,
            Kind::Password => 9,
        }
    }
}

/// What holds where nothing is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Nothing: it must be set.
    Required,
    /// No value.
    Null,
    /// This value.
    Value(&'static str),
}

/// What is allowed beyond the type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Valid {
    /// Everything.
    Any,
    /// Not empty; in a list, no empty entries.
    Filled,
    /// From here on.
    AtLeast(i64),
    /// Both included.
    Between(i64, i64),
    /// Both included, or this one.
    BetweenOr(i64, i64, i64),
    /// Both included.
    Fraction(f64, f64),
    /// One of these; in a list, some of these and none twice.
    OneOf(&'static [&'static str]),
    /// The same in any case of letters.
    AnyCase(&'static [&'static str]),
    /// `*`, or pairs `partition:broker`.
    Throttled,
    /// `latest`, `earliest` or `by_duration:` and an ISO 8601 duration.
    Reset,
}

/// How much it matters, as Kafka says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Most people set it.
    High,
    /// Some do.
    Medium,
    /// Few do.
    Low,
}

/// Whether it can be changed while the node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not at all.
    ReadOnly,
    /// One broker's value can.
    PerBroker,
    /// The cluster's default and one broker's value can.
    ClusterWide,
    /// It lives in the metadata only: topics, groups, client metrics.
    Dynamic,
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Definition {
    /// Whose it is.
    pub scope: Scope,
    /// What it is called.
    pub name: &'static str,
    /// What a value is.
    pub kind: Kind,
    /// What holds where nothing is set.
    pub preset: Preset,
    /// What is allowed beyond the type.
    pub valid: Valid,
    /// How much it matters.
    pub importance: Importance,
    /// Whether it can be changed while the node runs.
    pub mode: Mode,
    /// Kafka does not document it and shows it only where it is set.
    pub internal: bool,
    /// Ottla does what it says, today.
    pub served: bool,
    /// It asks for protection; one that Ottla does not give yet must refuse the start.
    pub security: bool,
}

impl Definition {
    /// Whether its values are never shown.
    pub fn is_sensitive(&self) -> bool {
        self.kind == Kind::Password
    }

    /// The value that holds where nothing is set.
    pub fn default(&self) -> Option<&'static str> {
        match self.preset {
            Preset::Value(value) => Some(value),
            Preset::Null | Preset::Required => None,
        }
    }
}
