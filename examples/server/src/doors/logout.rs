//! `/logout`: where clients send browsers whose users sign out, and where these
//! say whether they mean it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use codegrant::{ConfirmLogout, EndSession, HostError, Logout, Refused};

use super::form::Form;
use super::{answer, forgetting, read, refuse, see_other};
use crate::application::Parts;
use crate::log;
use crate::pages::{LogoutPage, signed_out};

pub(super) async fn door(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, body) = match read(request).await {
        Ok(request) => request,
        Err(response) => return response,
    };
    let answered = match parts.server.logout(&head, &body).await {
        Logout::End(session) => {
            let done = signed_out(&format!("{}/account", parts.path));
            end(parts, head, session, done).await
        }
        Logout::Confirm(confirm) => ask(&parts, &head.headers, &confirm),
        Logout::Refused(refused) => Err(refused),
        Logout::Redirect(response) => Ok(answer("logout", response)),
    };
    answered.unwrap_or_else(|refused| refuse("logout", &refused))
}

/// The answer to the question whether to sign out.
pub(super) async fn confirm(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, form) = match Form::read(&parts, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if form.get("decision") != Some("sign-out") {
        return see_other(format!("{}/account", parts.path));
    }
    let ticket = form.get("ticket").unwrap_or_default();
    let answered = match parts.server.confirm_logout(&head, ticket).await {
        Ok(session) => {
            let done = see_other(format!("{}/logout", parts.path));
            end(parts, head, session, done).await
        }
        Err(refused) => Err(refused),
    };
    answered.unwrap_or_else(|refused| refuse("logout", &refused))
}

fn ask(parts: &Parts, headers: &HeaderMap, confirm: &ConfirmLogout) -> Result<Response, Refused> {
    let page = LogoutPage {
        action: format!("{}/logout/confirm", parts.path),
        username: parts.username(confirm.user().subject()),
        client: confirm.client(),
        ticket: confirm.ticket(),
        form_token: &parts.form_tokens.issue(headers)?,
    };
    log::answer("logout", StatusCode::OK, None);
    Ok(page.render())
}

/// Ends the session here, then what was issued in it, and goes where the client
/// wants its user back; if nowhere, it is `done`. What is begun is carried through,
/// whether or not their browser waits.
async fn end(
    parts: Arc<Parts>,
    head: Head,
    session: EndSession,
    done: Response,
) -> Result<Response, Refused> {
    let work = tokio::spawn(async move {
        let user = session.user().map(|user| user.subject().clone());
        let cookie = parts.sessions.end(&head.headers).await?;
        let then = parts.departures.finish(session).await?;
        if let Some(user) = user {
            log::account(&user, None, "signed out");
        }
        forgetting(then.map_or(done, |then| answer("logout", then)), &cookie)
    });
    work.await.map_err(HostError::from)?
}
