//! SaslHandshake: key 17, versions 0 and 1.
//!
//! No listener asks its clients who they are yet, so whoever begins to say so is answered ILLEGAL_SASL_STATE, as on Kafka's
//! PLAINTEXT listeners, and may go on without.

use ottla_machine::Now;
use ottla_protocol::messages::{SaslHandshakeRequest, SaslHandshakeResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome, never};
use crate::bench::Bench;
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::SaslHandshake,
    advertised: 0,
    first: 0,
    last: 1,
    start,
    finish: never,
};

fn start(bench: &mut Bench, _: Now, call: Call) -> Result<Outcome, DecodeError> {
    SaslHandshakeRequest::decode(&mut Reader::new(&call.body), call.version)?;
    let code = ErrorCode::IllegalSaslState;
    bench.counters.error(ApiKey::SaslHandshake, code);
    let response = SaslHandshakeResponse {
        error_code: code.code(),
        mechanisms: Vec::new(),
    };
    let reply = bench.encode(&call, |w, version| response.encode(w, version));
    Ok(Outcome::Now(reply))
}
