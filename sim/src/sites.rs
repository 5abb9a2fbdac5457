//! The rare situations of the core, by their names in its sources: which there are, and which a campaign has met.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Where the core's sources lie.
const CORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../core");

/// The first string behind every call of this macro in the core's sources.
pub fn named(call: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(Path::new(CORE), &mut |text| {
        for place in text.split(call).skip(1) {
            let end = place.find([';', '{', '}']).unwrap_or(place.len());
            if let Some(name) = place[..end].split('"').nth(1) {
                found.insert(name.to_owned());
            }
        }
    });
    found
}

/// Every `sometimes!` site, and how often it was met.
pub fn met(sites: &BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    let all = named("sometimes!(");
    let count = |name: String| {
        let count = sites.get(name.as_str()).copied().unwrap_or(0);
        (name, count)
    };
    all.into_iter().map(count).collect()
}

fn walk(folder: &Path, read: &mut dyn FnMut(&str)) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, read);
        } else if path.extension().is_some_and(|end| end == "rs")
            && !path.ends_with("machine/src/planted.rs")
            && let Ok(text) = fs::read_to_string(&path)
        {
            read(&text);
        }
    }
}
