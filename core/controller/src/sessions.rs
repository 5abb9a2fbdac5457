//! What the controller has heard of the brokers in this tenure. Nothing of it is in the log.
//!
//! N1: the broker of the controller's own process has no session: if it were gone, so would be the controller.

use std::collections::BTreeMap;

use ottla_machine::{NodeId, Offset};

use crate::view::{At, Deadlines, Timer};

/// Contacts by broker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    contacts: BTreeMap<NodeId, Contact>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Contact {
    /// How far it has applied the metadata.
    metadata_offset: Option<Offset>,
    /// Until where everybody must have applied it before this broker may stop.
    leaves_at: Option<Offset>,
}

impl Sessions {
    /// It was heard of, or is taken to have been.
    pub(crate) fn touch(&mut self, node: NodeId, at: &At<'_>, timers: &mut Deadlines) {
        self.contacts.entry(node).or_default();
        if !at.is_own(node) {
            let session = at.view.statics.whole("broker.session.timeout.ms");
            let deadline = at.now.mono.after_ms(session);
            timers.push((Timer::Session(node), Some(deadline)));
        }
    }

    /// It has applied the metadata to here.
    pub(crate) fn applied(&mut self, node: NodeId, to: Offset) {
        self.contacts.entry(node).or_default().metadata_offset = Some(to);
    }

    /// It is not expected to be heard of.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.contacts.remove(&node);
    }

    /// Whether it is expected to be heard of.
    pub(crate) fn has(&self, node: NodeId) -> bool {
        self.contacts.contains_key(&node)
    }

    /// It wants to stop, and may once everybody has applied `to`.
    pub(crate) fn leaves(&mut self, node: NodeId, to: Offset) {
        self.contacts.entry(node).or_default().leaves_at = Some(to);
    }

    /// What everybody must have applied before it may stop. After a change of the controller nobody remembers, so all
    /// that is `known` now counts, and is remembered.
    pub(crate) fn leaves_at(&mut self, node: NodeId, known: Offset) -> Offset {
        let contact = self.contacts.entry(node).or_default();
        *contact.leaves_at.get_or_insert(known)
    }

    /// Whether all of these have applied the metadata to `to`.
    pub(crate) fn have_applied(&self, nodes: impl IntoIterator<Item = NodeId>, to: Offset) -> bool {
        nodes.into_iter().all(|node| {
            let contact = self.contacts.get(&node);
            contact
                .and_then(|contact| contact.metadata_offset)
                .is_some_and(|applied| applied >= to)
        })
    }
}
