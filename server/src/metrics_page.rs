//! The pages of `--metrics`: `/metrics`, `/healthz`, `/readyz`. In: HTTP/1 requests, [`Question`]s answered by whoever owns the node.
//! Out: answers.
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
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::metrics::Snapshot;

/// Connections at a time: a scraper or two, and a probe.
pub const CONNECTIONS: usize = 16;
/// How long one may last.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a page wants to know of the node.
#[derive(Debug)]
pub enum Question {
    /// What it shows of itself.
    Metrics(oneshot::Sender<Snapshot>),
    /// Whether it serves clients.
    Ready(oneshot::Sender<bool>),
}

/// Serves the pages until the listener's task is dropped.
pub async fn serve(listener: TcpListener, questions: mpsc::Sender<Question>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let questions = questions.clone();
                tokio::task::spawn_local(async move {
                    converse(stream, questions).await;
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

async fn converse(stream: TcpStream, questions: mpsc::Sender<Question>) {
    let pages = service_fn(move |request| answer(request, questions.clone()));
    let talk =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), pages);
    if let Ok(Err(why)) = tokio::time::timeout(PATIENCE, talk).await {
        tracing::debug!("metrics: a connection broke: {why}");
    }
}

async fn answer(
    request: Request<Incoming>,
    questions: mpsc::Sender<Question>,
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
        "/metrics" => match ask(&questions, Question::Metrics).await {
            Some(snapshot) => page(StatusCode::OK, kind_for(&request), snapshot.into_text()),
            None => gone(),
        },
        "/healthz" => page(StatusCode::OK, PLAIN, "alive\n".to_owned()),
        "/readyz" => match ask(&questions, Question::Ready).await {
            Some(true) => page(StatusCode::OK, PLAIN, "ready\n".to_owned()),
            Some(false) => page(
                StatusCode::SERVICE_UNAVAILABLE,
                PLAIN,
                "not ready\n".to_owned(),
            ),
            None => gone(),
        },
        _ => page(
            StatusCode::NOT_FOUND,
            PLAIN,
            "there are /metrics, /healthz and /readyz\n".to_owned(),
        ),
    })
}

async fn ask<T>(
    questions: &mpsc::Sender<Question>,
    question: impl FnOnce(oneshot::Sender<T>) -> Question,
) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    questions.send(question(answer)).await.ok()?;
    answered.await.ok()
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

fn gone() -> Response<Full<Bytes>> {
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        PLAIN,
        "the node is no more\n".to_owned(),
    )
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(Bytes::from(text)));
    *page.status_mut() = status;
    page.headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    page
}
