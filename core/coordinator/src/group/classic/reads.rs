//! What the members of a group read: what consumers have said of it when they joined, of all of them together.

use std::collections::BTreeSet;

use bytes::Bytes;
use ottla_protocol::Reader;
use ottla_protocol::messages::ConsumerProtocolSubscription;

use crate::group::record::{CONSUMER, Metadata};

/// Which topics somebody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::group) enum Reads {
    /// None: nobody is there, or they are no consumers.
    Nothing,
    /// Any: consumers have not said which, or not in words that are known.
    Anything,
    /// These.
    Topics(BTreeSet<Box<str>>),
}

impl Reads {
    /// What consumers have said.
    pub(super) fn said(subscriptions: impl Iterator<Item = Bytes>) -> Reads {
        let mut topics = BTreeSet::new();
        for bytes in subscriptions {
            let mut reader = Reader::new(&bytes);
            // Every version begins as version 0 does.
            let version = reader.i16();
            let said = version.and_then(|_| ConsumerProtocolSubscription::decode(&mut reader, 0));
            let Ok(said) = said else {
                return Reads::Anything;
            };
            for topic in said.topics {
                if !topics.contains(&*topic) {
                    topics.insert((*topic).into());
                }
            }
        }
        Reads::Topics(topics)
    }

    /// What the record of a group says, of which nobody has been heard yet.
    pub(in crate::group) fn stored(metadata: Option<&Metadata>) -> Reads {
        let consumers = metadata.filter(|it| &*it.protocol_type == CONSUMER);
        consumers.map_or(Reads::Nothing, |metadata| {
            Reads::said(metadata.members.iter().map(|it| it.subscription.clone()))
        })
    }

    /// Whether somebody reads this topic.
    pub(in crate::group) fn has(&self, topic: &str) -> bool {
        match self {
            Reads::Nothing => false,
            Reads::Anything => true,
            Reads::Topics(topics) => topics.contains(topic),
        }
    }
}
