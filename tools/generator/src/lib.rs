//! Turns the message specs into Rust.
//!
//! In: the files of `core/protocol/specs`: one per API, with its request and behind it its response, and one for each other
//! message. Out: `core/protocol/src/messages/*.rs` and the table that the tests of that crate use. The output is committed; a
//! test here fails when it is stale.
//!
//! A spec is facts only. A message is first `<kind> <Name>`, then the lines `key`, `listeners`, `versions`, `unstable` (one
//! more version that exists but is never advertised; of what is new as a whole, `versions` are `none`) and `flexible`, then a blank line and the fields, in the
//! order of the wire, the fields of a struct indented below the field that introduces it. Structs that several
//! fields share follow as `struct <Name> <versions>`. A field is
//! `<Name> <type> <versions> [null <versions>] [tag <n>] [ignorable] [flexible none] [view] [= <default>]`.
//!
//! `view` alone is no fact of Kafka's but a wish of ours: this array is not unpacked into a vector but read where it lies (`wire::Elements`),
//! so that decoding takes no memory for it. It is for the long inner lists of requests that come most; their elements hold only numbers and bytes.
#![forbid(unsafe_code)]

mod name;
mod rust;
mod sample;
mod spec;
mod table;
mod tree;

pub use sample::{Coverage, Sampler, Seen};
pub use spec::{BadSpec, Field, Kind, Message, Struct, Type, Versions};
pub use tree::{Generated, generate, read_specs, workspace};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_are_fresh() {
        let root = workspace();
        let files = generate(&read_specs(&root).unwrap()).unwrap();
        let stale = Generated::stale(&files, &root).unwrap();
        assert!(
            stale.is_empty(),
            "run `cargo run -p ottla-generator`: {stale:?}"
        );
    }
}
