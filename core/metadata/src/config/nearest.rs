//! Which key was probably meant.

use super::{Scope, definitions};

/// The key nearest to a misspelt name, when one is near enough to be worth naming.
pub fn nearest(scope: Scope, name: &str) -> Option<&'static str> {
    // A third of the letters wrong is another word. Long nonsense is not measured at all.
    let most = (name.chars().count() / 3).clamp(1, 8);
    if name.len() > 128 {
        return None;
    }
    definitions(scope)
        .iter()
        .filter(|key| !key.internal)
        .map(|key| (distance(key.name, name), key.name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// Letters to insert, remove, replace, or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; width];
        for j in 1..width {
            let same = a[i - 1] == b[j - 1];
            row[j] = (last[j - 1] + usize::from(!same))
                .min(last[j] + 1)
                .min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};
    use crate::config::Scope;

    #[test]
    fn letters_apart() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("retention.ms", "retention.ms"), 0);
        assert_eq!(distance("retnetion", "retention"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_misspelt_key_finds_its_own() {
        assert_eq!(
            nearest(Scope::Broker, "log.retention.hour"),
            Some("log.retention.hours")
        );
        assert_eq!(
            nearest(Scope::Topic, "cleanup.polcy"),
            Some("cleanup.policy")
        );
        assert_eq!(nearest(Scope::Broker, "colour.of.the.sky"), None);
        assert_eq!(nearest(Scope::Topic, &"x".repeat(1_000_000)), None);
    }
}
