//! What is different between two images. What they share is skipped by its address.

use std::sync::Arc;

use ottla_machine::NodeId;
use ottla_protocol::Uuid;

use crate::{Image, Resource, Topic};

/// What became of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicChange {
    /// It is new.
    Created(Arc<Topic>),
    /// Some of its partitions are new or other ones.
    Changed {
        /// As it was.
        from: Arc<Topic>,
        /// As it is.
        to: Arc<Topic>,
    },
    /// It is gone. One recreated under its name is another topic.
    Deleted(Arc<Topic>),
}

/// What is different between two images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Topics, by id.
    pub topics: Vec<TopicChange>,
    /// What is configured otherwise now.
    pub configs: Vec<Resource>,
    /// Brokers that registered, changed or went.
    pub brokers: Vec<NodeId>,
    /// Whether a feature's level is another one.
    pub features: bool,
}

impl Delta {
    /// What became different from `from` to `to`.
    pub fn between(from: &Image, to: &Image) -> Delta {
        let mut delta = Delta {
            features: from.features != to.features,
            ..Delta::default()
        };
        differences(
            from.topics.iter(),
            to.topics.iter(),
            |_: &Uuid, old, new| {
                delta.topics.push(match (old, new) {
                    (None, Some(to)) => TopicChange::Created(Arc::clone(to)),
                    (Some(from), None) => TopicChange::Deleted(Arc::clone(from)),
                    (Some(from), Some(to)) => TopicChange::Changed {
                        from: Arc::clone(from),
                        to: Arc::clone(to),
                    },
                    (None, None) => return,
                });
            },
        );
        differences(from.configs.iter(), to.configs.iter(), |resource, _, _| {
            delta.configs.push(resource.clone());
        });
        differences(from.brokers.iter(), to.brokers.iter(), |node, _, _| {
            delta.brokers.push(*node);
        });
        delta
    }

    /// Whether the images say the same, as far as a delta tells.
    pub fn is_empty(&self) -> bool {
        *self == Delta::default()
    }
}

/// Walks two maps side by side and shows what only one has, or both have differently.
fn differences<'a, K: Ord + 'a, V: PartialEq + 'a>(
    old: impl Iterator<Item = (&'a K, &'a Arc<V>)>,
    new: impl Iterator<Item = (&'a K, &'a Arc<V>)>,
    mut show: impl FnMut(&'a K, Option<&'a Arc<V>>, Option<&'a Arc<V>>),
) {
    let (mut old, mut new) = (old.peekable(), new.peekable());
    loop {
        let (was, is) = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some((was, _)), Some((is, _))) => (was <= is, is <= was),
            (was, is) => (was.is_some(), is.is_some()),
        };
        let was = if was { old.next() } else { None };
        let is = if is { new.next() } else { None };
        match (was, is) {
            (Some((_, was)), Some((_, is))) if Arc::ptr_eq(was, is) || was == is => {}
            (Some((key, was)), is) => show(key, Some(was), is.map(|(_, is)| is)),
            (None, Some((key, is))) => show(key, None, Some(is)),
            (None, None) => {}
        }
    }
}
