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
    let internal = |name: &String| cluster::is_internal(name);
    let (number, names) = bench
        .creating
        .begin(names.into_iter().filter(|name| !internal(name)));
    if names.is_empty() {
        return;
    }
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
    let deadline = now.mono.after_ms(limits::INTERNAL_TIMEOUT_MS);
    let gather = bench.gathers.open(call, Some(deadline));
    let ticket = bench.gathers.expect(gather);
    let request = Request::CreateTopics {
        topics,
        validate_only: false,
    };
    bench.requests.push_back((ticket, request));
}
