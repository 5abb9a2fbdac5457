//! DescribeCluster: key 60, versions 0 to 2.
//!
//! The brokers, by the addresses of the listener that was asked. This is no controller listener, so asking it for controllers
//! is MISMATCHED_ENDPOINT_TYPE.
//!
//! Version notes: 1: endpoint types. 2: fenced brokers, if wanted.

use ottla_machine::Now;
use ottla_protocol::messages::DescribeClusterRequest;
use ottla_protocol::messages::describe_cluster_response::{
    DescribeClusterBroker, DescribeClusterResponse,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome, never};
use crate::auth;
use crate::bench::Bench;
use crate::cluster;
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::DescribeCluster,
    advertised: 0,
    first: 0,
    last: 2,
    start,
    finish: never,
};

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

fn start(bench: &mut Bench, _: Now, call: Call) -> Result<Outcome, DecodeError> {
    let request = DescribeClusterRequest::decode(&mut Reader::new(&call.body), call.version)?;
    let mut response = DescribeClusterResponse {
        controller_id: -1,
        endpoint_type: BROKERS,
        cluster_authorized_operations: auth::NOT_ASKED,
        ..DescribeClusterResponse::default()
    };
    let refused = match request.endpoint_type {
        BROKERS => None,
        CONTROLLERS => Some((
            ErrorCode::MismatchedEndpointType,
            "This is a listener for clients, not for controllers.",
        )),
        _ => Some((
            ErrorCode::UnsupportedEndpointType,
            "Endpoint type 1 (brokers) is known here.",
        )),
    };
    if let Some((code, why)) = refused {
        bench.counters.error(ApiKey::DescribeCluster, code);
        (response.error_code, response.error_message) = (code.code(), Some(why.into()));
    } else {
        let nodes = cluster::nodes(bench, call.listener, request.include_fenced_brokers);
        response.cluster_id = bench.cluster_id.to_string().into();
        let live = nodes.iter().find(|node| !node.fenced);
        response.controller_id = live.map_or(-1, |node| node.id);
        let brokers = nodes.into_iter().map(|node| DescribeClusterBroker {
            broker_id: node.id,
            host: node.host.into(),
            port: node.port,
            rack: node.rack.map(Into::into),
            is_fenced: node.fenced,
        });
        response.brokers = brokers.collect();
        if request.include_cluster_authorized_operations {
            response.cluster_authorized_operations = auth::CLUSTER_OPERATIONS;
        }
    }
    let reply = bench.encode(&call, |w, version| response.encode(w, version));
    Ok(Outcome::Now(reply))
}
