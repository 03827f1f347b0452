//! A server in one file: no framework, no runtime, threads that wait.
//!
//! It has one user, its owner, whose password it draws and prints as it starts.
//! `tiny_http` reads and writes; all the rest knows only the types of `http`. A client
//! that sends slowly holds one of eight threads: before others use it, put a proxy there.

use std::collections::HashMap;
use std::error::Error;
use std::io::{Read, Write};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use codegrant::{
    Asker, Authentication, AuthorizationServer, Authorize, Client, ClientSecret, Clock, CodeStore,
    Decision, Granted, HostError, Issuer, Refused, Response, SecretRing, ServerSecret, Subject,
    SystemClock, UserAuthenticator, memory,
};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use pollster::block_on;

const ADDRESS: &str = "127.0.0.1:8080";
const ISSUER: &str = "http://127.0.0.1:8080";

type Failure = Box<dyn Error + Send + Sync>;

/// What stands in the cookie, and who that is.
#[derive(Default)]
struct Sessions(RwLock<HashMap<String, Authentication>>);

#[async_trait]
impl UserAuthenticator for Sessions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError> {
        let cookies = request.headers.get(COOKIE).map(|value| value.as_bytes());
        let cookies = String::from_utf8_lossy(cookies.unwrap_or_default());
        let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="));
        let sessions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(session.and_then(|session| sessions.get(session).cloned()))
    }
}

struct Host {
    oauth: AuthorizationServer,
    codes: Arc<memory::Codes>,
    sessions: Arc<Sessions>,
    owner: Subject,
    password: ClientSecret,
}

impl Host {
    fn new() -> Result<Self, Failure> {
        let app = Client::builder("app")
            .name("Reports")
            .redirect_uri("http://127.0.0.1:4000/callback")
            .scope("reports.read")
            .build()?;
        let (codes, sessions) = (Arc::new(memory::Codes::default()), Arc::new(Sessions::default()));
        let oauth = AuthorizationServer::builder(
            Issuer::parse(ISSUER)?,
            SecretRing::new(ServerSecret::generate()),
            Arc::new(memory::Clients::new([app])),
            codes.clone(),
            sessions.clone(),
        )
        .build()?;
        let (owner, password) = (Subject::parse("owner")?, ClientSecret::generate());
        Ok(Self { oauth, codes, sessions, owner, password })
    }

    async fn answer(&self, request: &Parts, body: &[u8]) -> Response {
        match (&request.method, request.uri.path()) {
            (_, "/authorize") => self.authorize(request, body).await,
            (&Method::POST, "/login") => self.login(request, body).await,
            (&Method::POST, "/consent") => self.consent(request, body).await,
            _ => match self.oauth.serve(request, body).await {
                Some(response) => response,
                None => page(StatusCode::NOT_FOUND, "There is nothing here."),
            },
        }
    }

    async fn authorize(&self, request: &Parts, body: &[u8]) -> Response {
        match self.oauth.authorize(request, body).await {
            Authorize::Login(login) => login_page(login.asker(), login.ticket()),
            Authorize::Consent(consent) => {
                let buttons = "<button name=allow value=1>Allow</button> <button>Deny</button>";
                let asked = format!("wants {}. {buttons}", escape(consent.scope().as_str()));
                form("/consent", consent.asker(), consent.ticket(), &asked)
            }
            Authorize::Refused(refused) => refused.response(),
            Authorize::Redirect(response) => response,
        }
    }

    async fn login(&self, request: &Parts, body: &[u8]) -> Response {
        // Another site's form could sign this browser in as somebody else.
        if request.headers.get(ORIGIN).is_none_or(|origin| origin != ISSUER) {
            return page(StatusCode::FORBIDDEN, "Please sign in on our own page.");
        }
        let answer = self.sign_in(&field(body, "ticket"), field(body, "password")).await;
        answer.unwrap_or_else(|refused| refused.response())
    }

    async fn sign_in(&self, ticket: &str, password: String) -> Result<Response, Refused> {
        // Hashed, so that the time which comparing takes tells nothing of the password.
        if ClientSecret::new(password).hash() != self.password.hash() {
            let login = self.oauth.login(ticket).await?;
            return Ok(login_page(login.asker(), login.ticket()));
        }
        let mut back = self.oauth.resume(ticket)?;
        let session = ClientSecret::generate();
        let cookie = format!("session={}; HttpOnly; SameSite=Lax", session.expose());
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            back.headers_mut().insert(SET_COOKIE, cookie);
        }
        let owner = Authentication::new(self.owner.clone(), SystemClock.now());
        let mut sessions = self.sessions.0.write().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(session.expose().to_owned(), owner);
        Ok(back)
    }

    async fn consent(&self, request: &Parts, body: &[u8]) -> Response {
        let decision = match field(body, "allow").as_str() {
            "" => Decision::Deny,
            _ => Decision::Allow(Granted::everything()),
        };
        let answer = self.oauth.decide(request, &field(body, "ticket"), decision).await;
        answer.unwrap_or_else(|refused| refused.response())
    }
}

fn login_page(asker: &Asker, ticket: &str) -> Response {
    let fields = "wants you to sign in. <input type=password name=password> <button>OK</button>";
    form("/login", asker, ticket, fields)
}

fn form(action: &str, asker: &Asker, ticket: &str, fields: &str) -> Response {
    let (name, host) = (escape(asker.client().name()), escape(asker.redirect_host()));
    let ticket = format!("<input type=hidden name=ticket value={ticket}>");
    let form =
        format!("<form method=post action={action}>{ticket}{name} at {host} {fields}</form>");
    page(StatusCode::OK, &form)
}

/// No other site may put a page into a frame and have the user click in it.
fn page(status: StatusCode, html: &str) -> Response {
    let mut page = Response::new(html.to_owned());
    *page.status_mut() = status;
    let headers = page.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let frames = HeaderValue::from_static("frame-ancestors 'none'");
    headers.insert(CONTENT_SECURITY_POLICY, frames);
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn field(form: &[u8], name: &str) -> String {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn main() -> Result<(), Failure> {
    let host = Host::new()?;
    let server = tiny_http::Server::http(ADDRESS)?;
    writeln!(std::io::stdout(), "{ISSUER} is up; password: {}", host.password.expose())?;
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for request in server.incoming_requests() {
                    exchange(&host, request);
                }
            });
        }
        loop {
            thread::sleep(Duration::from_secs(60));
            let _ = block_on(host.codes.sweep(SystemClock.now())); // in memory, nothing fails
        }
    })
}

/// One request out of `tiny_http`, and its answer back. Who left meanwhile gets none.
fn exchange(host: &Host, mut request: tiny_http::Request) {
    let answer = match read(&mut request) {
        Ok((head, body)) => block_on(host.answer(&head, &body)),
        Err(status) => page(status, "This cannot be read."),
    };
    let (head, body) = answer.into_parts();
    let mut response =
        tiny_http::Response::from_string(body).with_status_code(head.status.as_u16());
    for (name, value) in &head.headers {
        if let Ok(header) = tiny_http::Header::from_bytes(name.as_str(), value.as_bytes()) {
            response.add_header(header);
        }
    }
    let _ = request.respond(response);
}

fn read(request: &mut tiny_http::Request) -> Result<(Parts, Vec<u8>), StatusCode> {
    let mut head = http::Request::builder().method(request.method().as_str()).uri(request.url());
    for header in request.headers() {
        let name = HeaderName::try_from(header.field.as_str().as_str());
        head = head.header(name.map_err(|_| StatusCode::BAD_REQUEST)?, header.value.as_str());
    }
    let (head, ()) = head.body(()).map_err(|_| StatusCode::BAD_REQUEST)?.into_parts();
    let (longest, mut body) = (AuthorizationServer::LONGEST_BODY, Vec::new());
    // One byte more than the longest has tells that there is more.
    let enough = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    let read = request.as_reader().take(enough).read_to_end(&mut body);
    match read.map_err(|_| StatusCode::BAD_REQUEST)? > longest {
        true => Err(StatusCode::PAYLOAD_TOO_LARGE),
        false => Ok((head, body)),
    }
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, LOCATION};
    use http::request::Builder;
    use std::net::TcpStream;

    use super::*;

    const ASKED: &str = "/authorize?response_type=code&client_id=app&scope=reports.read\
                         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
                         &code_challenge_method=S256";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn send(host: &Host, request: Builder, body: &str) -> Response {
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (head, ()) = request.body(()).unwrap().into_parts();
        block_on(host.answer(&head, body.as_bytes()))
    }

    fn get(path: &str) -> Builder {
        http::Request::get(path)
    }

    fn post(path: &str) -> Builder {
        http::Request::post(path).header(ORIGIN, ISSUER)
    }

    fn ticket(page: &Response) -> String {
        let (_, rest) = page.body().split_once("name=ticket value=").unwrap();
        rest.split_once('>').unwrap().0.to_owned()
    }

    fn location(response: &Response) -> String {
        assert_eq!(response.status(), 303);
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_owner_signs_in_allows_it_and_the_application_gets_its_token() {
        let host = Host::new().unwrap();
        let page = send(&host, get(ASKED), "");
        let form = format!("ticket={}&password={}", ticket(&page), host.password.expose());
        let back = send(&host, post("/login"), &form);
        let session = back.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap();

        let page = send(&host, get(&location(&back)).header(COOKIE, session), "");
        assert!(page.body().contains("Reports at 127.0.0.1:4000 wants reports.read."));
        let form = format!("ticket={}&allow=1", ticket(&page));
        let answer = location(&send(&host, post("/consent").header(COOKIE, session), &form));
        let (_, query) = answer.split_once("http://127.0.0.1:4000/callback?").unwrap();
        let code = field(query.as_bytes(), "code");

        let form = format!(
            "grant_type=authorization_code&client_id=app&code={code}&code_verifier={VERIFIER}"
        );
        let tokens = send(&host, post("/token"), &form);
        let tokens: serde_json::Value = serde_json::from_str(tokens.body()).unwrap();
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let (call, ()) =
            get("/reports").header(AUTHORIZATION, bearer).body(()).unwrap().into_parts();
        let access = block_on(host.oauth.guard().check(&call)).unwrap();
        assert_eq!(access.subject().as_str(), "owner");
    }

    #[test]
    fn a_wrong_password_shows_the_page_again_and_signs_nobody_in() {
        let host = Host::new().unwrap();
        let form = format!("ticket={}&password=guessed", ticket(&send(&host, get(ASKED), "")));
        let page = send(&host, post("/login"), &form);
        assert!(page.headers().get(SET_COOKIE).is_none());
        assert!(!ticket(&page).is_empty());
    }

    #[test]
    fn a_form_of_another_site_signs_nobody_in() {
        let host = Host::new().unwrap();
        let page = send(&host, get(ASKED), "");
        let form = format!("ticket={}&password={}", ticket(&page), host.password.expose());
        for request in [
            http::Request::post("/login"),
            http::Request::post("/login").header(ORIGIN, "https://evil.example"),
        ] {
            let answer = send(&host, request, &form);
            assert_eq!(answer.status(), 403);
            assert!(answer.headers().get(SET_COOKIE).is_none());
        }
    }

    #[test]
    fn a_denial_goes_back_without_a_code() {
        let host = Host::new().unwrap();
        let form = |page: &Response| {
            format!("ticket={}&password={}", ticket(page), host.password.expose())
        };
        let back = send(&host, post("/login"), &form(&send(&host, get(ASKED), "")));
        let session = back.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
        let page = send(&host, get(ASKED).header(COOKIE, session), "");
        let form = format!("ticket={}", ticket(&page));
        let answer = location(&send(&host, post("/consent").header(COOKIE, session), &form));
        assert!(answer.contains("error=access_denied") && !answer.contains("code="));
    }

    /// What `tiny_http` makes of `request`, and of the answer to it.
    fn over_the_wire(request: &str) -> String {
        let (host, server) =
            (Host::new().unwrap(), tiny_http::Server::http("127.0.0.1:0").unwrap());
        let mut wire = TcpStream::connect(server.server_addr().to_ip().unwrap()).unwrap();
        wire.write_all(request.as_bytes()).unwrap();
        exchange(&host, server.recv().unwrap());
        let mut answer = String::new();
        wire.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn head_and_body_pass_through_unchanged() {
        let form = "grant_type=authorization_code&client_id=app&code=made-up";
        let answer = over_the_wire(&format!(
            "POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len(),
        ));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.to_lowercase().contains("cache-control: no-store\r\n"));
        assert!(answer.contains("invalid_grant"));
    }

    #[test]
    fn a_body_that_no_endpoint_reads_is_refused() {
        let long = "a".repeat(AuthorizationServer::LONGEST_BODY + 1);
        let answer = over_the_wire(&format!(
            "POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{long}",
            long.len(),
        ));
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}
