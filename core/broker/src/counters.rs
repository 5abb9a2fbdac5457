//! What is counted for metrics: requests and refusals by API, records' bytes in and out, requests by client id, and answers that bear
//! no error by what the client calls itself (its software's name and version, or its id), API and version.
//! Written by `Front` and the APIs, read by `inspect`.
//!
//! K1: an API counts the errors of an answer in the step that encodes it, and encodes no other between; so an error belongs to the
//!     next answer of its API.

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

/// A name under which answers are counted; `None` for those who came when there was no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Client(Option<u8>);

/// The counts since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    apis: BTreeMap<ApiKey, OfApi>,
    clients: BTreeMap<Box<str>, u64>,
    other_clients: u64,
    named: Vec<Box<str>>,
    answers: BTreeMap<(Client, ApiKey, i16), u64>,
    erring: Option<ApiKey>,
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
            self.erring = Some(key);
        }
    }

    /// Under what to count the answers of a client of this name.
    pub fn client(&mut self, name: &str) -> Client {
        let known = self.named.iter().position(|it| **it == *name);
        let room = self.named.len() < limits::CLIENTS && name.len() <= limits::CLIENT_NAME_BYTES;
        if known.is_none() && room {
            self.named.push(name.into());
        }
        let at = known.or(room.then(|| self.named.len() - 1));
        Client(at.and_then(|at| u8::try_from(at).ok()))
    }

    /// An answer is about to be encoded. Only one without an error is counted (K1).
    pub fn answered(&mut self, client: Option<Client>, key: ApiKey, version: i16) {
        if self.erring.take() != Some(key) {
            let client = client.unwrap_or(Client(None));
            *self.answers.entry((client, key, version)).or_default() += 1;
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
        for (&(client, key, version), count) in &self.answers {
            let version = version.to_string();
            let what = [("api", key.name()), ("version", version.as_str())];
            match client.0.and_then(|at| self.named.get(usize::from(at))) {
                Some(name) => {
                    let labels = [("client", &**name), what[0], what[1]];
                    out.counter("ottla_client_answers_total", &labels, *count);
                }
                None => out.counter("ottla_other_clients_answers_total", &what, *count),
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Shown(Vec<String>);

    impl Inspect for Shown {
        fn counter(&mut self, name: &'static str, labels: &[(&'static str, &str)], value: u64) {
            if name.ends_with("_answers_total") {
                let labels: Vec<&str> = labels.iter().map(|(_, value)| *value).collect();
                self.0.push(format!("{} {value}", labels.join(" ")));
            }
        }

        fn gauge(&mut self, _: &'static str, _: &[(&'static str, &str)], _: i64) {}
    }

    fn shown(counters: &Counters) -> Vec<String> {
        let mut shown = Shown::default();
        counters.inspect(&mut shown);
        shown.0.sort();
        shown.0
    }

    #[test]
    fn answers_without_an_error_are_counted_by_client_api_and_version() {
        let mut counters = Counters::default();
        let one = counters.client("one 1.0");
        let two = counters.client("two");
        assert_eq!(counters.client("one 1.0"), one);
        counters.answered(Some(one), ApiKey::Fetch, 12);
        counters.answered(Some(one), ApiKey::Fetch, 12);
        counters.answered(Some(two), ApiKey::Fetch, 12);
        counters.error(ApiKey::Fetch, ErrorCode::NotLeaderOrFollower);
        counters.answered(Some(two), ApiKey::Fetch, 13);
        counters.error(ApiKey::Fetch, ErrorCode::None);
        counters.answered(Some(two), ApiKey::Fetch, 14);
        counters.answered(None, ApiKey::Metadata, 9);
        assert_eq!(
            shown(&counters),
            [
                "Metadata 9 1",
                "one 1.0 Fetch 12 2",
                "two Fetch 12 1",
                "two Fetch 14 1"
            ]
        );
    }

    #[test]
    fn clients_without_room_for_their_name_are_counted_together() {
        let mut counters = Counters::default();
        for number in 0..limits::CLIENTS + 3 {
            let client = counters.client(&format!("client {number}"));
            counters.answered(Some(client), ApiKey::Fetch, 12);
        }
        let long = counters.client(&"x".repeat(limits::CLIENT_NAME_BYTES + 1));
        counters.answered(Some(long), ApiKey::Fetch, 12);
        let shown = shown(&counters);
        assert_eq!(shown.len(), limits::CLIENTS + 1);
        assert_eq!(shown[0], "Fetch 12 4");
    }
}
