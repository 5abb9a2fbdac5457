//! SaslAuthenticate: key 36, versions 0 to 2.
//!
//! As for SaslHandshake: no listener authenticates yet, so there is nothing to go on with, and the answer is ILLEGAL_SASL_STATE.
//! What the client has sent is neither looked at nor kept.
//!
//! Version notes: 1: how long the session would last.

use ottla_machine::Now;
use ottla_protocol::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome, never};
use crate::bench::Bench;
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::SaslAuthenticate,
    advertised: 0,
    first: 0,
    last: 2,
    start,
    finish: never,
};

fn start(bench: &mut Bench, _: Now, call: Call) -> Result<Outcome, DecodeError> {
    SaslAuthenticateRequest::decode(&mut Reader::new(&call.body), call.version)?;
    let code = ErrorCode::IllegalSaslState;
    bench.counters.error(ApiKey::SaslAuthenticate, code);
    let why = "This listener does not authenticate its clients.";
    let response = SaslAuthenticateResponse {
        error_code: code.code(),
        error_message: Some(why.into()),
        ..SaslAuthenticateResponse::default()
    };
    let reply = bench.encode(&call, |w, version| response.encode(w, version));
    Ok(Outcome::Now(reply))
}
