//! Topics that are created because somebody asked for their metadata. Not an API: the broker itself asks the controller, nobody
//! waits for the answer, and the name is known a moment later or asked for again.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ottla_controller::{NewTopic, Request};
use ottla_machine::Now;
use ottla_protocol::ApiKey;

use crate::cluster;
use crate::front::Front;
use crate::gather::{Call, Home};
use crate::limits;

/// The names that were passed on to the controller and not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Creating {
    names: BTreeSet<String>,
    batches: BTreeMap<i32, Vec<String>>,
    number: i32,
}

impl Creating {
    /// The answer to this batch has come, or never will.
    pub fn done(&mut self, number: i32) {
        for name in self.batches.remove(&number).unwrap_or_default() {
            self.names.remove(&name);
        }
    }
}

/// Has these topics created with the defaults, unless that is under way. Internal ones are created by what needs them.
pub(crate) fn create(front: &mut Front, now: Now, names: Vec<String>) {
    let room = limits::CREATING_TOPICS.saturating_sub(front.creating.names.len());
    let names: Vec<String> = names
        .into_iter()
        .filter(|name| !cluster::is_internal(name) && !front.creating.names.contains(name))
        .take(room)
        .collect();
    if names.is_empty() {
        return;
    }
    front.creating.number = front.creating.number.wrapping_add(1);
    let number = front.creating.number;
    let call = Call {
        home: Home::Nobody,
        key: ApiKey::CreateTopics,
        version: 7,
        correlation_id: number,
        listener: 0,
        body: Bytes::new(),
        pins: 0,
    };
    let topics = names
        .iter()
        .map(|name| NewTopic::with_defaults(name))
        .collect();
    let gather = front
        .gathers
        .open(call, Some(now.mono.after_ms(limits::INTERNAL_TIMEOUT_MS)));
    let ticket = front.gathers.expect(gather);
    front.requests.push_back((
        ticket,
        Request::CreateTopics {
            topics,
            validate_only: false,
        },
    ));
    front.creating.names.extend(names.iter().cloned());
    front.creating.batches.insert(number, names);
}
