//! A store keeps nothing but the record and its version: that must be enough.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codegrant::{
    AuthorizationServer, Authorize, CodeStore, Decision, Grant, GrantId, Granted, HostError,
    InExtensions, Provider, RecordError, Response, Subject, Timestamp,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::House;
use crate::support::answers::{assert_error, assert_tokens, location};
use crate::support::apps::{App, DASHBOARD, EVERY_APP, SPA, TRUSTED};
use crate::support::call::{Call, Form, bearer};
use crate::support::openid;
use crate::support::world::{ISSUER, ring};

const ASKED: &str = "reports.read reports.write";

/// Text and a number, as a table has them.
#[derive(Default)]
struct Table(Mutex<HashMap<GrantId, (String, u64)>>);

impl Table {
    /// What an upgraded node, or an accident, makes of every record.
    fn rewrite(&self, change: impl Fn(&mut Value)) {
        for (record, _) in self.0.lock().unwrap().values_mut() {
            let mut value: Value = serde_json::from_str(record).unwrap();
            change(&mut value);
            *record = value.to_string();
        }
    }

    fn texts(&self) -> Vec<(String, u64)> {
        self.0.lock().unwrap().values().cloned().collect()
    }
}

#[async_trait]
impl CodeStore for Table {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        let row = (grant.to_record()?, grant.version());
        self.0.lock().unwrap().insert(*grant.id(), row);
        Ok(())
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let row = self.0.lock().unwrap().get(id).cloned();
        let grant = row.map(|(record, version)| Grant::from_record(&record, version));
        Ok(grant.transpose()?.map(Arc::new))
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let record = next.to_record()?;
        let mut rows = self.0.lock().unwrap();
        let row = rows.get_mut(next.id()).filter(|(_, version)| *version == next.replaces());
        Ok(row.map(|row| *row = (record, next.version())).is_some())
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let rows = self.texts().into_iter();
        let grants = rows.map(|(record, version)| Grant::from_record(&record, version));
        let grants = grants.collect::<Result<Vec<_>, _>>()?.into_iter();
        Ok(grants.filter(|grant| grant.subject() == user).map(Arc::new).collect())
    }

    async fn sweep(&self, _: Timestamp) -> Result<u64, HostError> {
        Ok(0)
    }
}

/// A provider on the table, with the clients of `house`, and the table.
fn server(house: &House) -> (AuthorizationServer, Arc<Table>) {
    let table = Arc::new(Table::default());
    let issuer = codegrant::Issuer::parse(ISSUER).unwrap();
    let clients = house.clients.clone();
    let users = Arc::new(InExtensions);
    let builder = AuthorizationServer::builder(issuer, ring(&[1]), clients, table.clone(), users);
    let builder = builder.clock(house.clock.clone()).openid(Provider::new(openid::keys()));
    (builder.build().unwrap(), table)
}

async fn code(house: &House, server: &AuthorizationServer, app: &App) -> String {
    location(&answer(house, server, &app.asks()).await).one("code")
}

/// What is allowed by a user whom the handler put into the request's extensions.
async fn answer(house: &House, server: &AuthorizationServer, form: &Form) -> Response {
    let mut parts = Call::get("/authorize", form).parts();
    parts.extensions.insert(house.authentication("alice"));
    match server.authorize(&parts, b"").await {
        Authorize::Consent(consent) => {
            let everything = Decision::Allow(Granted::everything());
            server.decide(&parts, consent.ticket(), everything).await.unwrap()
        }
        Authorize::Redirect(response) => response,
        other => panic!("neither consent nor redirect: {other:?}"),
    }
}

async fn redeem(server: &AuthorizationServer, app: &App, code: &str) -> Response {
    let call = app.redeems(code);
    server.token(&call.parts(), &call.body).await
}

#[tokio::test]
async fn a_whole_life_survives_being_written_down_at_every_step() {
    for app in EVERY_APP {
        let house = House::new();
        let (server, _) = server(&house);
        let code = code(&house, &server, &app).await;
        let token = assert_tokens(&redeem(&server, &app, &code).await, ASKED);
        let request = bearer(&token).parts();
        let access = server.guard().check(&request).await.unwrap();
        assert_eq!(access.subject().as_str(), "alice");
        assert_eq!(access.client().as_str(), app.id);
        assert_error(&redeem(&server, &app, &code).await, 400, "invalid_grant");
        assert!(server.guard().check(&request).await.is_err());
    }
}

#[tokio::test]
async fn a_record_names_what_it_holds_and_its_format() {
    let house = House::new();
    house.code(&DASHBOARD).await;
    for grant in house.grants("alice").await {
        let record = grant.to_record().unwrap();
        let value: Value = serde_json::from_str(&record).unwrap();
        assert!(value.get("format").is_some_and(Value::is_u64), "{record}");
        let again = Grant::from_record(&record, grant.version()).unwrap();
        assert_eq!(again.to_record().unwrap(), record);
        assert_eq!(again.version(), grant.version());
        assert_eq!((again.id(), again.client()), (grant.id(), grant.client()));
        assert_eq!((again.subject(), again.scope()), (grant.subject(), grant.scope()));
        assert_eq!(again.expires_at(), grant.expires_at());
        assert_eq!(again.approved_at(), grant.approved_at());
    }
}

/// A node that does not understand a record must neither act on it nor rewrite it.
#[tokio::test]
async fn a_record_that_this_version_cannot_read_is_the_hosts_fault_and_stays_as_it_is() {
    let newer = |value: &mut Value| value["format"] = json!(1_000_000);
    let unknown = |value: &mut Value| value["unheard_of"] = json!(true);
    let deep = |value: &mut Value| value["facts"]["unheard_of"] = json!(true);
    let damaged = |value: &mut Value| value["facts"]["stage"] = json!("somewhere");
    let changes: [&dyn Fn(&mut Value); 4] = [&newer, &unknown, &deep, &damaged];
    for change in changes {
        let house = House::new();
        let (server, table) = server(&house);
        let (used, unused) = (code(&house, &server, &SPA).await, code(&house, &server, &SPA).await);
        let token = assert_tokens(&redeem(&server, &SPA, &used).await, ASKED);
        table.rewrite(change);
        let before = table.texts();
        for code in [&used, &unused] {
            let response = redeem(&server, &SPA, code).await;
            assert_error(&response, 503, "temporarily_unavailable");
        }
        let denied = server.guard().check(&bearer(&token).parts()).await.unwrap_err();
        assert_error(&denied.into_response(), 503, "temporarily_unavailable");
        assert_eq!(table.texts(), before);
    }
}

#[test]
fn a_newer_format_says_so() {
    let record = r#"{"format":1000000,"whatever":[]}"#;
    assert!(matches!(Grant::from_record(record, 1), Err(RecordError::Newer(1_000_000))));
    for garbage in ["", "{}", "null", "{\"format\":1}", "{\"format\":-1,\"facts\":{}}"] {
        assert!(matches!(Grant::from_record(garbage, 1), Err(RecordError::Unreadable(_))));
    }
}

/// What clients say of a claim, and what attackers do: the reader of a request and
/// the reader of the record that held it once stopped at different depths.
fn wanted() -> impl Strategy<Value = Value> {
    let nested = |depth| (0..depth).fold(json!([]), |inner, _| json!([inner]));
    let value = prop_oneof![any::<String>().prop_map(Value::from), (0..135).prop_map(nested)];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|essential| json!({"essential": essential})),
        value.clone().prop_map(|value| json!({"value": value})),
        prop::collection::vec(value, 1..4).prop_map(|values| json!({"values": values})),
    ]
}

fn claims() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        prop::sample::select(vec!["email", "roles", "auth_time", "at_hash", "name#de", "name#"])
            .prop_map(str::to_owned),
        "[a-z_]{1,12}(#[a-zA-Z]{1,9}){0,2}",
        any::<String>().prop_filter("no claim", |name| !name.is_empty()),
    ];
    let member = (name, wanted()).prop_filter("a sign-in that nobody has", |(name, wanted)| {
        wanted.is_null() || !["acr", "sub"].contains(&name.as_str())
    });
    prop::collection::vec(member, 0..6).prop_map(Map::from_iter)
}

/// Who follows one has a grant that their store reads with every other of theirs.
#[tokio::test]
async fn no_link_keeps_a_user_from_revoking_everything() {
    for depth in 100..140 {
        let house = openid::provider();
        let (server, _) = server(&house);
        let stolen = code(&house, &server, &TRUSTED).await;
        let stolen = assert_tokens(&redeem(&server, &TRUSTED, &stolen).await, ASKED);
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let claims = format!(r#"{{"id_token":{{"auth_time":{{"value":{deep}}}}}}}"#);
        let link = openid::asks(&TRUSTED).with("claims", &claims).with("prompt", "none");
        answer(&house, &server, &link).await;
        let revoked = server.revoke_all(&Subject::parse("alice").unwrap()).await;
        assert!(revoked.is_ok(), "{depth}: {revoked:?}");
        assert!(server.guard().check(&bearer(&stolen).parts()).await.is_err(), "{depth}");
    }
}

proptest! {
    #[test]
    fn whatever_a_request_may_ask_its_grant_reads_back(
        userinfo in claims(),
        id_token in claims(),
        nonce in "\\PC{0,40}",
        claims_locales in "([a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})? ){0,20}",
    ) {
        let claims = json!({"userinfo": userinfo, "id_token": id_token}).to_string();
        let form = openid::asks(&TRUSTED).with("claims", &claims).with("nonce", &nonce);
        let form = form.with("claims_locales", &claims_locales);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let grants = runtime.block_on(async {
            let house = openid::provider();
            house.redirect(&form).await;
            house.grants("alice").await
        });
        prop_assume!(!grants.is_empty());
        for grant in grants {
            let record = grant.to_record().unwrap();
            let read = Grant::from_record(&record, grant.version());
            prop_assert_eq!(read.unwrap().to_record().unwrap(), record);
        }
    }
}

/// Values, which nobody looks at, and claims that tell of the sign-in.
#[tokio::test]
async fn what_a_record_says_of_claims_beside_their_names_is_read_and_not_written_again() {
    let house = openid::provider();
    house.redirect(&openid::asks(&TRUSTED).with("nonce", "n")).await;
    for grant in house.grants("alice").await {
        let mut record: Value = serde_json::from_str(&grant.to_record().unwrap()).unwrap();
        record["facts"]["particulars"]["openid"]["claims"] = json!({
            "userinfo": {"email": {"essential": true, "value": {"a": [1]}}, "name#de": {}},
            "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["gold"]}},
        });
        let read = Grant::from_record(&record.to_string(), grant.version()).unwrap();
        record["facts"]["particulars"]["openid"]["claims"] = json!({
            "userinfo": {"email": {}, "name#de": {}},
            "id_token": {"auth_time": {}, "acr": {}},
        });
        let written: Value = serde_json::from_str(&read.to_record().unwrap()).unwrap();
        assert_eq!(written, record);
    }
}
