//! What a topic may be called: its name becomes a directory's.

use crate::limits;

/// Why a topic may not be called so.
pub fn check_topic_name(name: &str) -> Result<(), String> {
    let known = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    if name.is_empty() {
        Err("a topic needs a name".to_owned())
    } else if matches!(name, "." | "..") {
        Err(format!("a topic cannot be called {name:?}"))
    } else if name.len() > limits::TOPIC_NAME {
        Err(format!(
            "a topic's name has at most {} characters, this one has {}",
            limits::TOPIC_NAME,
            name.len()
        ))
    } else if !name.bytes().all(known) {
        Err(format!(
            "{name:?} cannot be a topic's name: letters, digits, '.', '_' and '-' only"
        ))
    } else {
        Ok(())
    }
}
