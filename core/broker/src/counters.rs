//! What is counted for metrics: requests and refusals by API, records' bytes in and out, requests by client id.
//! Written by `Front` and the APIs, read by `inspect`.

use std::collections::BTreeMap;

use ottla_machine::Inspect;
use ottla_protocol::{ApiKey, ErrorCode};

use crate::limits;

#[derive(Clone, Copy, Debug, Default)]
struct OfApi {
    requests: u64,
    bytes: u64,
    malformed: u64,
    errors: u64,
}

/// The counts since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    apis: BTreeMap<ApiKey, OfApi>,
    clients: BTreeMap<Box<str>, u64>,
    other_clients: u64,
    /// Bytes of batches accepted.
    pub produced_bytes: u64,
    /// Bytes of batches answered to fetches.
    pub fetched_bytes: u64,
}

impl Counters {
    /// A request was started.
    pub fn request(&mut self, key: ApiKey, client: Option<&str>, bytes: usize) {
        let of = self.apis.entry(key).or_default();
        of.requests += 1;
        of.bytes += bytes as u64;
        let client = client.unwrap_or("");
        if let Some(count) = self.clients.get_mut(client) {
            *count += 1;
        } else if self.clients.len() < limits::CLIENT_IDS {
            self.clients.insert(client.into(), 1);
        } else {
            self.other_clients += 1;
        }
    }

    /// A request could not be read.
    pub fn malformed(&mut self, key: ApiKey) {
        self.apis.entry(key).or_default().malformed += 1;
    }

    /// An answer bears this code, at the top or for one of its items.
    pub fn error(&mut self, key: ApiKey, code: ErrorCode) {
        if !code.is_none() {
            self.apis.entry(key).or_default().errors += 1;
        }
    }

    /// Shows them.
    pub fn inspect(&self, out: &mut dyn Inspect) {
        for (key, of) in &self.apis {
            let labels = [("api", key.name())];
            out.counter("ottla_requests_total", &labels, of.requests);
            out.counter("ottla_request_bytes_total", &labels, of.bytes);
            out.counter("ottla_requests_malformed_total", &labels, of.malformed);
            out.counter("ottla_request_errors_total", &labels, of.errors);
        }
        for (client, count) in &self.clients {
            out.counter(
                "ottla_client_requests_total",
                &[("client_id", client)],
                *count,
            );
        }
        if self.other_clients > 0 {
            out.counter(
                "ottla_other_clients_requests_total",
                &[],
                self.other_clients,
            );
        }
        out.counter("ottla_produced_bytes_total", &[], self.produced_bytes);
        out.counter("ottla_fetched_bytes_total", &[], self.fetched_bytes);
    }
}
