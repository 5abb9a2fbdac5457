//! The pages of `--metrics`: `/metrics`, `/healthz`, `/readyz`. In: HTTP/1 requests, and the node to look at. Out: answers.
//!
//! H1: `/healthz` asks nobody: it says that the process lives. `/readyz` says whether clients are served.
//! H2: at most [`CONNECTIONS`] are open, each gone after [`PATIENCE`].

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::inside::Inside;
use crate::metrics::Snapshot;

/// Connections at a time: a scraper or two, and a probe.
pub const CONNECTIONS: usize = 16;
/// How long one may last.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Serves the pages until the listener's task is dropped.
pub async fn serve(listener: TcpListener, inside: Arc<dyn Inside>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let inside = inside.clone();
                tokio::task::spawn_local(async move {
                    converse(stream, inside).await;
                    drop(place);
                });
            }
            Err(why) => {
                // Out of descriptors, usually: they come back, and looking again at once would only burn the core.
                tracing::warn!("metrics: a connection was not accepted: {why}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, inside: Arc<dyn Inside>) {
    let pages = service_fn(move |request| answer(request, inside.clone()));
    let talk =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), pages);
    if let Ok(Err(why)) = tokio::time::timeout(PATIENCE, talk).await {
        tracing::debug!("metrics: a connection broke: {why}");
    }
}

async fn answer(
    request: Request<Incoming>,
    inside: Arc<dyn Inside>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refusal = page(
            StatusCode::METHOD_NOT_ALLOWED,
            PLAIN,
            "GET only\n".to_owned(),
        );
        refusal
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(refusal);
    }
    Ok(match request.uri().path() {
        "/metrics" => match look(inside).await {
            Some(snapshot) => page(StatusCode::OK, kind_for(&request), snapshot.into_text()),
            None => page(
                StatusCode::SERVICE_UNAVAILABLE,
                PLAIN,
                "the node is no more
"
                .to_owned(),
            ),
        },
        "/healthz" => page(StatusCode::OK, PLAIN, "alive\n".to_owned()),
        "/readyz" if inside.is_ready() => page(
            StatusCode::OK,
            PLAIN,
            "ready
"
            .to_owned(),
        ),
        "/readyz" => page(
            StatusCode::SERVICE_UNAVAILABLE,
            PLAIN,
            "not ready
"
            .to_owned(),
        ),
        _ => page(
            StatusCode::NOT_FOUND,
            PLAIN,
            "there are /metrics, /healthz and /readyz\n".to_owned(),
        ),
    })
}

/// Looks at the node, which may take a turn of it: not where signals are waited for.
async fn look(inside: Arc<dyn Inside>) -> Option<Snapshot> {
    let mut snapshot = tokio::task::spawn_blocking(move || inside.snapshot())
        .await
        .ok()??;
    snapshot.add_process();
    Some(snapshot)
}

const PLAIN: &str = "text/plain; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text is OpenMetrics; for whoever does not ask for that it is Prometheus' older format, of which it is a part.
fn kind_for(request: &Request<Incoming>) -> &'static str {
    let accept = request
        .headers()
        .get(hyper::header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
        OPEN_METRICS
    } else {
        PROMETHEUS
    }
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(Bytes::from(text)));
    *page.status_mut() = status;
    page.headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    page
}
