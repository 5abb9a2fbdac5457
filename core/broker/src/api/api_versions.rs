//! ApiVersions: key 18, versions 0 to 4.
//!
//! What is served, truthfully, and the cluster's features. A version that is not known is answered in version 0 with
//! UNSUPPORTED_VERSION and the versions of this API alone, so that the client can ask again; the response header is version 0 for
//! ever.
//!
//! Version notes: 3: the client's software name and version, judged; features. 4: features whose lowest level is 0 (version 3
//! cannot say that, so they are left out of it).

use std::borrow::Cow;

use ottla_machine::Now;
use ottla_protocol::messages::ApiVersionsRequest;
use ottla_protocol::messages::api_versions_response::{
    ApiVersion, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome, TABLE, never};
use crate::bench::Bench;
use crate::cluster;
use crate::connection::Reply;
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::ApiVersions,
    advertised: 0,
    first: 0,
    last: 4,
    start,
    finish: never,
};

/// The features that this software knows, with their lowest and highest level. Those of offices that are not served are absent.
const FEATURES: [(&str, i16, i16); 3] = [
    ("metadata.version", 7, 30),
    ("kraft.version", 0, 1),
    ("eligible.leader.replicas.version", 0, 1),
];

fn start(bench: &mut Bench, _: Now, call: Call) -> Result<Outcome, DecodeError> {
    if !(API.first..=API.last).contains(&call.version) {
        return Ok(Outcome::Now(refuse(
            bench,
            &Call { version: 0, ..call },
            ErrorCode::UnsupportedVersion,
            vec![own()],
        )));
    }
    let body = call.body.clone();
    let request = ApiVersionsRequest::decode(&mut Reader::new(&body), call.version)?;
    if call.version >= 3
        && !(is_good(&request.client_software_name) && is_good(&request.client_software_version))
    {
        return Ok(Outcome::Now(refuse(
            bench,
            &call,
            ErrorCode::InvalidRequest,
            Vec::new(),
        )));
    }
    if call.version >= 3 {
        let software = format!(
            "{} {}",
            request.client_software_name, request.client_software_version
        );
        bench.name(call.home, &software);
    }
    let api_keys = TABLE.iter().map(|api| ApiVersion {
        api_key: api.key.code(),
        min_version: api.advertised,
        max_version: api.last,
    });
    let mut response = ApiVersionsResponse {
        api_keys: api_keys.collect(),
        ..ApiVersionsResponse::default()
    };
    response.api_keys.sort_by_key(|api| api.api_key);
    if call.version >= 3 {
        let lowest = if call.version == 3 { 1 } else { 0 };
        response.supported_features = FEATURES
            .iter()
            .filter(|(_, min, _)| *min >= lowest)
            .map(|(name, min, max)| SupportedFeatureKey {
                name: Cow::Borrowed(name),
                min_version: *min,
                max_version: *max,
            })
            .collect();
        response.finalized_features_epoch = bench.image.offset.0;
        response.finalized_features = cluster::features(bench)
            .into_iter()
            .map(|(name, level)| FinalizedFeatureKey {
                name: name.into(),
                max_version_level: level,
                min_version_level: level,
            })
            .collect();
    }
    Ok(Outcome::Now(
        bench.encode(&call, |w, version| response.encode(w, version)),
    ))
}

fn own() -> ApiVersion {
    ApiVersion {
        api_key: API.key.code(),
        min_version: API.first,
        max_version: API.last,
    }
}

fn refuse(bench: &mut Bench, call: &Call, code: ErrorCode, api_keys: Vec<ApiVersion>) -> Reply {
    bench.counters.error(ApiKey::ApiVersions, code);
    let response = ApiVersionsResponse {
        error_code: code.code(),
        api_keys,
        ..ApiVersionsResponse::default()
    };
    bench.encode(call, |w, version| response.encode(w, version))
}

/// Letters and digits, with `-` and `.` between them.
fn is_good(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'.';
    let ends = [name.bytes().next(), name.bytes().last()];
    name.bytes().all(inner)
        && ends
            .iter()
            .all(|end| end.is_some_and(|c| c.is_ascii_alphanumeric()))
}
