//! A server that listens, and a browser that talks to it.

pub(crate) mod client;
pub(crate) mod configuration;
pub(crate) mod hearing;
pub(crate) mod openid;
pub(crate) mod program;

use std::collections::{BTreeMap, HashMap};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use codegrant::{Algorithm, SigningKey};
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Url};
use server::{Application, Builder, Client, Config, Listener};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const SECRET: &str = "a secret of the tests";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:1/callback";

/// A configuration for the port that `listener` holds: the demonstration's
/// users and scopes, in memory.
pub(crate) fn config(listener: &TcpListener, directory: &tempfile::TempDir) -> Config {
    let port = listener.local_addr().unwrap().port();
    Config {
        issuer: format!("http://127.0.0.1:{port}"),
        store: "memory:".into(),
        secret: server::Secret::File(directory.path().join("secret")),
        signing_keys: Some(signing_keys().to_vec()),
        clients: vec![public()],
        ..Config::default()
    }
}

/// The files of two keys, which all servers of a test program share: to draw one
/// for RSA takes long.
pub(crate) fn signing_keys() -> &'static [PathBuf] {
    static KEYS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap().keep();
        let draw = |algorithm, name: &str| {
            let pem = SigningKey::generate(algorithm).unwrap().to_pkcs8_pem().unwrap();
            std::fs::write(directory.join(name), pem.expose()).unwrap();
            directory.join(name)
        };
        vec![draw(Algorithm::Es256, "es256.pem"), draw(Algorithm::Rs256, "rs256.pem")]
    })
}

/// A client that keeps a secret.
pub(crate) fn confidential(id: &str) -> Client {
    Client {
        client_id: id.into(),
        client_secret: Some(SECRET.into()),
        client_name: Some("Test <Client>".into()),
        redirect_uris: vec![CALLBACK.into()],
        scope: "reports.read reports.comment".into(),
        ..Client::default()
    }
}

/// A program on the user's machine.
pub(crate) fn public() -> Client {
    Client {
        client_id: "native".into(),
        redirect_uris: vec!["http://127.0.0.1/callback".into()],
        application_type: Some("native".into()),
        scope: "reports.read".into(),
        ..Client::default()
    }
}

/// Where `client` is answered: one of the tests', or the demonstration's.
pub(crate) fn callback_of(client: &str) -> &'static str {
    match client {
        "native" => "http://127.0.0.1/callback",
        "dashboard" => "http://127.0.0.1:8081/callback",
        _ => CALLBACK,
    }
}

/// The grant types of a client that gets refresh tokens.
pub(crate) fn refreshing() -> Option<Vec<String>> {
    Some(vec!["authorization_code".into(), "refresh_token".into()])
}

/// Starts a server on a thread of its own, which lives as long as the tests do,
/// and says where it is.
pub(crate) fn start(
    change: impl FnOnce(&mut Config),
    wrap: impl FnOnce(Builder) -> Builder + Send + 'static,
) -> String {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&listener, &directory);
    change(&mut config);
    let issuer = config.issuer.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let builder = wrap(Application::builder(config)).password_cost(cheap());
            let application = builder.build().await.unwrap();
            drop(directory);
            let listener = Listener::on(listener, application).unwrap();
            listener.serve(std::future::pending()).await.unwrap();
        });
    });
    issuer
}

/// The least work that Argon2 can do: what it costs is not what these tests prove.
fn cheap() -> argon2::Params {
    argon2::Params::new(argon2::Params::MIN_M_COST, 1, 1, None).unwrap()
}

/// The server that most tests share, and a confidential client of it that
/// nobody else uses, so that nobody else's consent is remembered.
pub(crate) fn shared() -> (String, String) {
    static SERVER: OnceLock<String> = OnceLock::new();
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    const CLIENTS: usize = 40;
    let issuer = SERVER.get_or_init(|| {
        let ours = (0..CLIENTS).map(|n| confidential(&format!("client {n}")));
        start(|config| config.clients.extend(ours), |builder| builder)
    });
    let next = NEXT.fetch_add(1, Ordering::SeqCst);
    assert!(next < CLIENTS, "more tests than clients");
    (issuer.clone(), format!("client {next}"))
}

/// A browser with cookies, which does not follow redirects.
pub(crate) struct Browser {
    http: reqwest::Client,
    issuer: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What a browser was answered.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new(issuer: &str) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy();
        let http = http.pool_max_idle_per_host(0);
        Self { http: http.build().unwrap(), issuer: issuer.to_owned(), cookies: Mutex::default() }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A request to a path of the server, or to a place that it redirected to.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let origin = Url::parse(&self.issuer).unwrap();
        self.http.request(method, origin.join(path).unwrap())
    }

    /// The request with the browser's cookies.
    pub(crate) fn with_cookies(&self, request: RequestBuilder) -> RequestBuilder {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, v)| format!("{name}={v}")).collect();
        match cookies.as_slice() {
            [] => request,
            cookies => request.header("cookie", cookies.join("; ")),
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Page {
        let response = self.with_cookies(request).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.into(), value.into());
        }
        Page { status, headers, body: response.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.request(Method::POST, path).form(fields)).await
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.into(), value.into());
    }

    /// The page that `redirect` leads to: the consent page, if the way there leads on
    /// to it.
    pub(crate) async fn follow(&self, redirect: &Page) -> Page {
        let page = self.get(redirect.location()).await;
        self.asked(page).await
    }

    /// `page`, or the consent page if that is where it leads.
    pub(crate) async fn asked(&self, page: Page) -> Page {
        let is_asked = page.status == 303 && page.location().contains("/consent?ticket=");
        if is_asked { self.get(page.location()).await } else { page }
    }

    /// What `client` asks, answered: a redirect to the login page for somebody new, the
    /// consent page for somebody known.
    pub(crate) async fn authorize(&self, client: &str, more: &str) -> Page {
        let path = Url::parse(&self.issuer).unwrap().path().trim_end_matches('/').to_owned();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", client).append_pair("state", "s 1");
        if !more.contains("&redirect_uri=") {
            query.append_pair("redirect_uri", callback_of(client));
        }
        let request = format!(
            "{path}/authorize?response_type=code&{}\
             &code_challenge={CHALLENGE}&code_challenge_method=S256{more}",
            query.finish()
        );
        self.asked(self.get(&request).await).await
    }

    /// The login page that `client`'s request leads to.
    pub(crate) async fn login_page(&self, client: &str) -> Page {
        let redirect = self.authorize(client, "").await;
        assert_eq!(redirect.status, 303, "{}", redirect.body);
        let page = self.get(redirect.location()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page
    }

    /// Fills in and posts the form of a login page.
    pub(crate) async fn sign_in(&self, page: &Page, username: &str, password: &str) -> Page {
        let fields = [("username", username), ("password", password), ("action", "sign-in")];
        self.submit(page, &fields).await
    }

    /// Posts the form of `page` with its hidden fields and these.
    pub(crate) async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let (token, ticket) = (page.field("form_token"), page.field("ticket"));
        let mut all = vec![("form_token", token.as_str()), ("ticket", ticket.as_str())];
        all.extend(fields);
        self.post(&page.action(), &all).await
    }

    /// Presses the button of this name and value on `page`, an account page.
    pub(crate) async fn press(&self, page: &Page, name: &str, value: &str) -> Page {
        let (token, session) = (page.field("form_token"), page.field("session"));
        let fields = [("form_token", &*token), ("session", &*session), (name, value)];
        self.post(&page.action(), &fields).await
    }

    /// The consent page that alice meets after she signed in for `client`.
    pub(crate) async fn consent_page(&self, client: &str) -> Page {
        self.consent_page_for(client, "").await
    }

    /// The same for a request with `more` parameters.
    pub(crate) async fn consent_page_for(&self, client: &str, more: &str) -> Page {
        let login = self.authorize(client, more).await;
        let login = self.get(login.location()).await;
        let signed_in = self.sign_in(&login, "alice", "wonderland").await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.body);
        let page = self.follow(&signed_in).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page
    }
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The parameters that the redirect carries.
    pub(crate) fn params(&self) -> HashMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.body);
        Url::parse(self.location()).unwrap().query_pairs().into_owned().collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookies that are set, attributes and all.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The value of the input of this name.
    pub(crate) fn field(&self, name: &str) -> String {
        let input = self.element(&format!("name=\"{name}\""));
        attribute(input, "value").unwrap_or_default().to_owned()
    }

    /// The names and values of all boxes, which have none that is written in another
    /// way, and of the scopes that need none any more.
    pub(crate) fn boxes(&self) -> Vec<(&str, &str)> {
        let tags = self.body.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
        let boxes =
            tags.filter(|tag| tag.contains("type=\"checkbox\"") || tag.contains("name=\"scope\""));
        boxes
            .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
            .collect()
    }

    pub(crate) fn action(&self) -> String {
        attribute(self.element("method=\"post\""), "action").unwrap().to_owned()
    }

    /// The text inside of the element with this id, as it is written.
    pub(crate) fn text(&self, id: &str) -> &str {
        let from = self.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| {
            panic!("no element {id} in {}", self.body);
        });
        let inside = &self.body[from..][self.body[from..].find('>').unwrap() + 1..];
        &inside[..inside.find("</").unwrap()]
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.body.contains(&format!("id=\"{id}\""))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The tag that has this text in it.
    fn element(&self, text: &str) -> &str {
        let at = self.body.find(text).unwrap_or_else(|| panic!("no {text} in {}", self.body));
        let start = self.body[..at].rfind('<').unwrap();
        &self.body[start..][..self.body[start..].find('>').unwrap()]
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
