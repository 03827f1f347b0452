//! Step 4: the browser is back with an answer. If it is the right one, steps 5
//! and 6 follow at once.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use openidconnect::url::form_urlencoded;

use crate::application::{Application, Browser, redirect};
use crate::load;
use crate::outcome::Outcome;
use crate::session::{Answered, Pending, Session};
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::wire;

const CHECKED: &str = "Checked: state is the one drawn in step 2, so the answer belongs to this \
                       browser; iss is the server that was asked, so no other server slipped its \
                       answer in.";
const AGAIN: &str = "This answer came before, and is not taken again.";
const UNASKED: &str = "Nobody here asked for this answer: its state is not one that this browser \
                       is waiting for. Nothing was changed.";
const OTHER_SERVER: &str = "The answer does not come from the authorization server that was \
                            asked: its iss is another. The sign-in was given up.";

/// Takes an answer only if this browser asked for it (`state`, RFC 6749 section
/// 10.12), once, and from the server that was asked (`iss`, RFC 9207).
pub(crate) async fn callback(
    State(app): State<Application>,
    Extension(session): Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let answer = Answer::parse(&query);
    let step = if answer.code.is_some() { Step::Code } else { Step::Decide };
    let arrow = Arrow::request(step, Party::User, Party::Application, "GET /callback")
        .with(wire::form(query.as_bytes()));
    match session.answered(answer.state.as_deref().unwrap_or_default()) {
        Answered::Again => session.trace.add(arrow.remark(AGAIN)),
        Answered::Unasked => {
            session.trace.add(arrow.remark(UNASKED));
            session.finish(Outcome::Error(UNASKED.to_owned()));
        }
        Answered::Expected(_) if !app.client.is_from_my_server(answer.iss.as_deref()) => {
            session.trace.add(arrow.remark(OTHER_SERVER));
            session.finish(Outcome::Error(OTHER_SERVER.to_owned()));
        }
        Answered::Expected(pending) => {
            session.trace.add(arrow.remark(CHECKED));
            finish_sign_in(&app, &session, answer, pending).await;
            return (AppendHeaders([(SET_COOKIE, session.set_cookie())]), Redirect::to("/"))
                .into_response();
        }
    }
    Redirect::to("/").into_response()
}

/// What came back with the browser (RFC 6749 sections 4.1.2 and 4.1.2.1).
#[derive(Default)]
struct Answer {
    code: Option<String>,
    error: Option<String>,
    state: Option<String>,
    iss: Option<String>,
}

impl Answer {
    fn parse(query: &str) -> Self {
        let mut answer = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "code" => &mut answer.code,
                "error" => &mut answer.error,
                "state" => &mut answer.state,
                "iss" => &mut answer.iss,
                _ => continue,
            };
            *place = Some(value.into_owned());
        }
        answer
    }
}

async fn finish_sign_in(app: &Application, session: &Session, answer: Answer, pending: Pending) {
    let report = pending.report;
    let code = match (answer.code, answer.error.as_deref()) {
        (Some(code), None) => code,
        (_, Some("access_denied")) if report.is_some() => {
            return session.finish(Outcome::StepUpDenied);
        }
        (_, Some("access_denied")) => return session.finish(Outcome::Denied),
        _ => {
            let text = "The authorization server answered with an error in place of a code.";
            return session.finish(Outcome::Error(text.to_owned()));
        }
    };
    let user = match app.client.redeem(session, code, pending).await {
        Ok(user) => user,
        Err(problem) => return session.finish(Outcome::Error(problem.to_string())),
    };
    if session.renew_cookie().is_err() {
        return session.finish(Outcome::Error("No new session could be begun.".to_owned()));
    }
    session.sign_in(user);
    if let (Some(report), Some(user)) = (report, session.signed_in()) {
        // A second demand is not followed: that could go on for ever.
        if load::show(app, session, &user, report).await.is_some() {
            session.finish(Outcome::StepUpInVain);
        }
    }
    session.trace.add(
        redirect(Step::Token, "/").remark(
            "The tokens stay with the dashboard; your browser never sees the access token.",
        ),
    );
}
