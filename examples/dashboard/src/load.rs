//! Steps 7 and 8: a report is asked for. If it takes a fresher sign-in, the user
//! is sent round once more, and comes back to it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Redirect;

use crate::api::Answer;
use crate::application::{Application, Browser, pressed, to_authorization_server};
use crate::challenge::StepUp;
use crate::client::{Again, SignedIn};
use crate::outcome::Outcome;
use crate::reports::ReportName;
use crate::session::Session;
use crate::step::Step;

const DEMANDED: &str = "The reports API wants a fresher sign-in (RFC 9470), so its acr_values and \
                        max_age become the request’s. The ID token says whom to expect.";

pub(crate) async fn load(
    State(app): State<Application>,
    Extension(session): Browser,
    Path(report): Path<ReportName>,
) -> Redirect {
    session.hide_report();
    let Some(user) = session.signed_in() else {
        session.finish(Outcome::Expired);
        return Redirect::to("/");
    };
    session.trace.rewind(Step::Call);
    session.trace.add(pressed(Step::Call, format!("POST /load/{report}")));
    match show(&app, &session, &user, report).await {
        None => Redirect::to("/"),
        Some(demand) => step_up(&app, &session, Again { user, demand, report }).await,
    }
}

/// Asks for `report` and puts the answer on the page, unless it is that `user`
/// has to sign in once more.
pub(crate) async fn show(
    app: &Application,
    session: &Session,
    user: &SignedIn,
    report: ReportName,
) -> Option<StepUp> {
    match app.reports_api.ask(session, &user.access_token, report).await {
        Ok(Answer::StepUp(demand)) => return Some(demand),
        Ok(Answer::Report(report)) => session.show_report(report),
        Ok(Answer::OutOfScope) => session.finish(Outcome::OutOfScope),
        Ok(Answer::Forbidden) => session.finish(Outcome::Forbidden),
        Ok(Answer::TokenRefused) => session.finish(Outcome::Expired),
        Err(problem) => session.finish(Outcome::Error(problem)),
    }
    None
}

async fn step_up(app: &Application, session: &Arc<Session>, again: Again) -> Redirect {
    session.trace.begin_again();
    to_authorization_server(app, session, Some(again), DEMANDED).await
}
