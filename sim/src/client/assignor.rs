//! Who gets what: the leader of a group divides the partitions of the topics among its members. Pure; the same input gives the same answer.
//!
//! A1: no partition is given to two.
//! A2: with [`Assignor::Cooperative`], what somebody says that he has is given to nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::groups::{Owned, Subscription};
use crate::script::Assignor;

impl Assignor {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Assignor::Range => "range",
            Assignor::Cooperative => "cooperative-sticky",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Assignor> {
        let all = [Assignor::Range, Assignor::Cooperative];
        all.into_iter().find(|assignor| assignor.name() == name)
    }

    /// What each member gets, in the order of the members. `partitions`: how many each topic has.
    pub(crate) fn divide(
        self,
        members: &[Subscription],
        partitions: &BTreeMap<Arc<str>, i32>,
    ) -> Vec<Vec<Owned>> {
        let mut given = vec![Vec::new(); members.len()];
        for (topic, count) in partitions {
            let wants = |member: &Subscription| member.topics.contains(topic);
            let takers = members.iter().enumerate();
            let takers: Vec<usize> = takers
                .filter(|(_, member)| wants(member))
                .map(|(at, _)| at)
                .collect();
            let most = (*count as usize).div_ceil(takers.len().max(1));
            for index in 0..*count {
                if let Some(taker) = takers.get(index as usize / most.max(1)) {
                    given[*taker].push((Arc::clone(topic), index));
                }
            }
        }
        if self == Assignor::Cooperative {
            hold_back(members, &mut given);
        }
        given
    }
}

/// A2.
fn hold_back(members: &[Subscription], given: &mut [Vec<Owned>]) {
    for (at, given) in given.iter_mut().enumerate() {
        let others = members.iter().enumerate();
        let others = others.filter(|(other, _)| *other != at);
        let held: BTreeSet<&Owned> = others.flat_map(|(_, other)| &other.owned).collect();
        given.retain(|owned| !held.contains(owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(topics: &[&str], owned: &[(&str, i32)]) -> Subscription {
        Subscription {
            topics: topics.iter().map(|topic| Arc::from(*topic)).collect(),
            owned: owned
                .iter()
                .map(|(topic, at)| (Arc::from(*topic), *at))
                .collect(),
        }
    }

    fn topics(counts: &[(&str, i32)]) -> BTreeMap<Arc<str>, i32> {
        let counts = counts.iter();
        counts
            .map(|(topic, count)| (Arc::from(*topic), *count))
            .collect()
    }

    #[test]
    fn everything_that_somebody_wants_is_given_once() {
        let partitions = topics(&[("a", 5), ("b", 2), ("c", 3)]);
        let members = [wants(&["a", "b"], &[]), wants(&["a"], &[]), wants(&[], &[])];
        let given = Assignor::Range.divide(&members, &partitions);
        assert_eq!(given.iter().map(Vec::len).collect::<Vec<_>>(), [5, 2, 0]);
        let all: BTreeSet<&Owned> = given.iter().flatten().collect();
        assert_eq!(all.len(), 7);
        assert!(all.iter().all(|(topic, _)| &**topic != "c"));
    }

    #[test]
    fn what_somebody_has_goes_to_nobody_else() {
        let partitions = topics(&[("a", 4)]);
        let members = [wants(&["a"], &[]), wants(&["a"], &[("a", 0), ("a", 3)])];
        let given = Assignor::Cooperative.divide(&members, &partitions);
        let of = |at: usize| -> Vec<i32> { given[at].iter().map(|(_, index)| *index).collect() };
        assert_eq!((of(0), of(1)), (vec![1], vec![2, 3]));
        let eager = Assignor::Range.divide(&members, &partitions);
        assert_eq!(eager[0].len(), 2);
    }

    #[test]
    fn an_assignor_is_known_by_its_name() {
        for assignor in [Assignor::Range, Assignor::Cooperative] {
            assert_eq!(Assignor::named(assignor.name()), Some(assignor));
        }
        assert_eq!(Assignor::named("uniform"), None);
    }
}
