//! What happens, counted for Prometheus.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use codegrant::{Event, Observer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counters, and the text in which Prometheus reads them. No label names a
/// client or a user: strangers would choose how many there are.
pub(crate) struct Metrics {
    registry: Registry,
    events: Family<Happened, Counter>,
    refusals: Family<Refusal, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Happened {
    event: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    endpoint: &'static str,
    error: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("codegrant");
        let (events, refusals) = (Family::default(), Family::default());
        registry.register("events", "What happened, by its name", events.clone());
        registry.register("refusals", "Refused requests, by endpoint and error", refusals.clone());
        Self { registry, events, refusals }
    }

    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Observer for Metrics {
    fn observe(&self, event: &Event<'_>) {
        self.events.get_or_create(&Happened { event: event.name() }).inc();
        if let Event::Refused { endpoint, cause } = event {
            let refusal = Refusal { endpoint: endpoint.as_str(), error: cause.code().as_str() };
            self.refusals.get_or_create(&refusal).inc();
        }
    }
}

/// `/metrics`, which has an address of its own.
pub(crate) fn router(metrics: &Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(read)).with_state(metrics.clone())
}

async fn read(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
