//! The reports API: a resource server of its own, which knows nothing of
//! passwords, codes or cookies. It opens to access tokens.

use std::fmt;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use codegrant::{Acr, Denied, Guard, NameError, Scope, ScopeError};
use serde::{Deserialize, Serialize};

/// What an application must have been allowed to come here.
pub(crate) const SCOPE: &str = "reports.read";
/// What its user must be allowed to do.
pub(crate) const PERMISSION: &str = "reports:read";

/// How old the sign-in may be that opens the salaries: a browser that was left
/// alone does not show them to whoever sits down at it.
pub(crate) const FRESH: Duration = Duration::from_secs(15);
/// How its user must have signed in: by a password, in the words of SAML 2.0,
/// which the authorization server uses.
const BY_PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";

/// What can be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReportName {
    Sales,
    /// Only for those who have just signed in.
    Salaries,
}

/// What the API answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Whose report it is: the user behind the token.
    pub(crate) subject: String,
    pub(crate) title: String,
    pub(crate) columns: [String; 3],
    pub(crate) rows: Vec<Row>,
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) count: u32,
    pub(crate) euros: u32,
}

/// Why the API cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetUpError {
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error(transparent)]
    Acr(#[from] NameError),
}

#[derive(Clone)]
struct Api {
    guard: Guard,
    /// Opens to fresh sign-ins only.
    strict_guard: Guard,
    scope: Scope,
}

/// A path for each report, behind `guard`.
pub(crate) fn router(guard: Guard) -> Result<Router, SetUpError> {
    let strict_guard = guard.clone().acr_values([Acr::parse(BY_PASSWORD)?]).max_age(FRESH);
    let api = Api { guard, strict_guard, scope: Scope::parse(SCOPE)? };
    Ok(Router::new()
        .route("/reports/sales", get(sales))
        .route("/reports/salaries", get(salaries))
        .with_state(api))
}

async fn sales(State(api): State<Api>, request: Request) -> Response {
    answer(api.open(&api.guard, request, Report::sales).await)
}

async fn salaries(State(api): State<Api>, request: Request) -> Response {
    answer(api.open(&api.strict_guard, request, Report::salaries).await)
}

fn answer(report: Result<Report, Denied>) -> Response {
    match report {
        Ok(report) => Json(report).into_response(),
        Err(denied) => denied.into_response().into_response(),
    }
}

impl Api {
    /// The token is checked first, and how its user signed in, then what it is
    /// good for, then what its user may do.
    async fn open(
        &self,
        guard: &Guard,
        request: Request,
        report: fn(&str) -> Report,
    ) -> Result<Report, Denied> {
        let (request, _) = request.into_parts();
        let access = guard.check(&request).await?;
        access.require_scope(&self.scope)?;
        access.require_permission(PERMISSION)?;
        Ok(report(access.subject().as_str()))
    }
}

impl Report {
    fn sales(subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            title: "Sales of the third quarter".to_owned(),
            columns: ["Region", "Orders", "Revenue"].map(str::to_owned),
            rows: vec![
                Row::new("North", 1_204, 86_310),
                Row::new("East", 987, 71_544),
                Row::new("South", 1_531, 104_902),
                Row::new("West", 1_118, 79_225),
            ],
        }
    }

    fn salaries(subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            title: "Salaries of the third quarter".to_owned(),
            columns: ["Team", "People", "Payroll"].map(str::to_owned),
            rows: vec![
                Row::new("Sales", 9, 121_500),
                Row::new("Workshop", 14, 168_200),
                Row::new("Office", 4, 51_900),
            ],
        }
    }
}

impl Row {
    fn new(name: &str, count: u32, euros: u32) -> Self {
        Self { name: name.to_owned(), count, euros }
    }
}

impl ReportName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Salaries => "salaries",
        }
    }
}

impl fmt::Display for ReportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
