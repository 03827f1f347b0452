//! The reports API: a resource server of its own, which knows nothing of
//! passwords, codes or cookies. It opens to access tokens.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use codegrant::{Denied, Guard, Scope, ScopeError};
use serde::{Deserialize, Serialize};

/// What an application must have been allowed to come here.
pub(crate) const SCOPE: &str = "reports.read";
/// What its user must be allowed to do.
pub(crate) const PERMISSION: &str = "reports:read";

/// What the API answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Whose report it is: the user behind the token.
    pub(crate) subject: String,
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) region: String,
    pub(crate) orders: u32,
    pub(crate) revenue: u32,
}

#[derive(Clone)]
struct Api {
    guard: Guard,
    scope: Scope,
}

/// `GET /reports`, behind `guard`.
pub(crate) fn router(guard: Guard) -> Result<Router, ScopeError> {
    let api = Api { guard, scope: Scope::parse(SCOPE)? };
    Ok(Router::new().route("/reports", get(reports)).with_state(api))
}

async fn reports(State(api): State<Api>, request: Request) -> Response {
    let (request, _) = request.into_parts();
    match api.open(&request).await {
        Ok(report) => Json(report).into_response(),
        Err(denied) => denied.into_response().into_response(),
    }
}

impl Api {
    /// The token is checked first, then what it is good for, then what its
    /// user may do.
    async fn open(&self, request: &axum::http::request::Parts) -> Result<Report, Denied> {
        let access = self.guard.check(request).await?;
        access.require_scope(&self.scope)?;
        access.require_permission(PERMISSION)?;
        Ok(Report::of(access.subject().as_str()))
    }
}

impl Report {
    fn of(subject: &str) -> Self {
        let row =
            |region: &str, orders, revenue| Row { region: region.to_owned(), orders, revenue };
        Self {
            subject: subject.to_owned(),
            title: "Sales of the third quarter".to_owned(),
            rows: vec![
                row("North", 1_204, 86_310),
                row("East", 987, 71_544),
                row("South", 1_531, 104_902),
                row("West", 1_118, 79_225),
            ],
        }
    }
}
