//! From Kafka's names to Rust's.

/// `TopicData` to `topic_data`, as a file or a module is called.
pub fn snake(name: &str) -> String {
    let name = name.replace("KRaft", "Kraft");
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        let after_small = name[..index].ends_with(|c: char| !c.is_ascii_uppercase());
        if letter.is_ascii_uppercase() && after_small {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The same for a field, where a keyword must be written raw.
pub fn field(name: &str) -> String {
    let name = snake(name);
    match name.as_str() {
        "type" | "match" | "ref" | "move" | "use" | "in" | "where" | "loop" | "abstract" => {
            format!("r#{name}")
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(snake("FetchRequest"), "fetch_request");
        assert_eq!(snake("KRaftVersionFeature"), "kraft_version_feature");
        assert_eq!(snake("V3AndBelowTopics"), "v3_and_below_topics");
        assert_eq!(snake("prevTasks"), "prev_tasks");
        assert_eq!(field("Type"), "r#type");
    }
}
