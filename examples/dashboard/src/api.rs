//! The dashboard as a client of the reports API.

use axum::http::header::AUTHORIZATION;
use openidconnect::AccessToken;
use openidconnect::reqwest::{self, StatusCode};

use crate::challenge::{Challenge, StepUp};
use crate::reports::{Report, ReportName};
use crate::session::Session;
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::wire;

/// The reports API, from outside.
pub(crate) struct ReportsApi {
    pub(crate) http: reqwest::Client,
    /// Where it is.
    pub(crate) address: String,
}

/// How it answered.
pub(crate) enum Answer {
    Report(Report),
    /// 401: the user has to sign in once more, or in another way.
    StepUp(StepUp),
    /// 401: the token opens nothing any more.
    TokenRefused,
    /// 403: the user did not allow the application enough.
    OutOfScope,
    /// 403: the user may not.
    Forbidden,
}

const UNREACHABLE: &str = "The reports API could not be reached.";
const UNREADABLE: &str = "The reports API’s answer cannot be read.";

impl ReportsApi {
    /// Asks for a report.
    pub(crate) async fn ask(
        &self,
        session: &Session,
        token: &AccessToken,
        name: ReportName,
    ) -> Result<Answer, String> {
        let authorization = format!("Bearer {}", token.secret());
        let title = format!("GET /reports/{name}");
        session.trace.add(
            Arrow::request(Step::Call, Party::Application, Party::ReportsApi, title)
                .with([wire::line("Authorization", &authorization)]),
        );
        let traceparent = session.traceparent().map_err(|error| error.to_string())?;
        let response = self
            .http
            .get(format!("{}/reports/{name}", self.address))
            .header(AUTHORIZATION, authorization)
            .header("traceparent", traceparent)
            .send()
            .await
            .map_err(|_| UNREACHABLE)?;
        let status = response.status();
        let challenge = Challenge::of(response.headers());
        let body = response.bytes().await.map_err(|_| UNREADABLE)?;
        session.trace.add(shown(status, &challenge, &body));
        match (status, challenge.step_up()) {
            (StatusCode::OK, _) => {
                let report = serde_json::from_slice(&body).map_err(|_| UNREADABLE)?;
                Ok(Answer::Report(report))
            }
            (StatusCode::UNAUTHORIZED, Some(demand)) => Ok(Answer::StepUp(demand)),
            (StatusCode::UNAUTHORIZED, None) => Ok(Answer::TokenRefused),
            (StatusCode::FORBIDDEN, _) if challenge.is_for_scope() => Ok(Answer::OutOfScope),
            (StatusCode::FORBIDDEN, _) => Ok(Answer::Forbidden),
            (other, _) => Err(format!("The reports API answered {}.", wire::status(other))),
        }
    }
}

/// A challenge says more than the body that comes with it.
fn shown(status: StatusCode, challenge: &Challenge, body: &[u8]) -> Arrow {
    let challenged = challenge.parameters().map(|(name, value)| wire::line(name, value));
    let challenged: Vec<_> = challenged.collect();
    let lines = if challenged.is_empty() { wire::json(body) } else { challenged };
    Arrow::answer(Step::Check, Party::ReportsApi, Party::Application, wire::status(status))
        .with(lines)
}
