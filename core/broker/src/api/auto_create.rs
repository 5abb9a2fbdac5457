//! Topics that are created because somebody asked for their metadata. Not an API: the broker itself asks the controller, nobody
//! waits for the answer, and the name is known a moment later or asked for again.

use bytes::Bytes;
use ottla_controller::{NewTopic, Request};
use ottla_machine::Now;
use ottla_protocol::ApiKey;

use crate::bench::Bench;
use crate::cluster;
use crate::gather::{Call, Home};
use crate::limits;

/// Has these topics created with the defaults, unless that is under way. Internal ones are created by what needs them.
pub(crate) fn create(bench: &mut Bench, now: Now, names: Vec<String>) {
    let names = names.iter().filter(|name| !cluster::is_internal(name));
    let topics = names.map(|name| NewTopic::with_defaults(name)).collect();
    create_topics(bench, now, topics);
}

/// Has these topics created, unless that is under way.
pub(crate) fn create_topics(bench: &mut Bench, now: Now, mut topics: Vec<NewTopic>) {
    let names = topics.iter().map(|topic| topic.name.clone());
    let (number, names) = bench.creating.begin(names);
    if names.is_empty() {
        return;
    }
    topics.retain(|topic| names.contains(&topic.name));
    let call = Call {
        home: Home::Nobody,
        key: ApiKey::CreateTopics,
        version: 7,
        correlation_id: number,
        listener: 0,
        head: Bytes::new(),
        body: Bytes::new(),
        pins: 0,
    };
    let deadline = now.mono.after_ms(limits::INTERNAL_TIMEOUT_MS);
    let gather = bench.gathers.open(call, Some(deadline));
    let ticket = bench.gathers.expect(gather);
    let request = Request::CreateTopics {
        topics,
        validate_only: false,
    };
    bench.requests.push_back((ticket, request));
}
