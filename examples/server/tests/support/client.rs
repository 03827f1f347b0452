//! What the applications do: those whose secret is [`SECRET`], and `native`,
//! which has none.

use reqwest::Method;

use super::{Browser, Page, SECRET, VERIFIER, callback_of};

/// What alice ticks and presses to allow everything.
pub(crate) const ALLOW: [(&str, &str); 3] =
    [("scope", "reports.read"), ("scope", "reports.comment"), ("decision", "allow")];

impl Browser {
    /// The code that `client` gets from whoever is signed in, else from alice,
    /// who allows everything if she is asked.
    pub(crate) async fn code(&self, client: &str, more: &str) -> String {
        let mut answer = self.authorize(client, more).await;
        if answer.status == 303 && answer.location().contains("/login?") {
            let login = self.get(answer.location()).await;
            let signed_in = self.sign_in(&login, "alice", "wonderland").await;
            answer = self.follow(&signed_in).await;
        }
        if answer.status == 200 {
            answer = self.allow(&answer).await;
        }
        answer.params()["code"].clone()
    }

    /// Allows all that a consent page asks for.
    pub(crate) async fn allow(&self, page: &Page) -> Page {
        let mut fields = page.boxes();
        fields.push(("decision", "allow"));
        self.submit(page, &fields).await
    }

    /// What `client` is answered at `path`, where it says who it is.
    pub(crate) async fn call(&self, client: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        if client == "native" {
            return self.post(path, &[fields, &[("client_id", client)]].concat()).await;
        }
        let request = self.request(Method::POST, path).form(fields);
        let (id, secret) = (client.replace(' ', "+"), SECRET.replace(' ', "+"));
        self.send(request.basic_auth(id, Some(secret))).await
    }

    pub(crate) async fn redeem(&self, client: &str, code: &str) -> Page {
        self.redeem_for(client, code, &[]).await
    }

    /// Redeems `code` with `more` parameters.
    pub(crate) async fn redeem_for(&self, client: &str, code: &str, more: &[(&str, &str)]) -> Page {
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
        fields.extend(more);
        if more.iter().all(|(name, _)| *name != "redirect_uri") {
            fields.push(("redirect_uri", callback_of(client)));
        }
        self.call(client, "/token", &fields).await
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Page {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.call(client, "/token", &fields).await
    }

    pub(crate) async fn introspect(&self, client: &str, token: &str) -> Page {
        self.call(client, "/introspect", &[("token", token)]).await
    }

    pub(crate) async fn resource(&self, token: &str) -> Page {
        self.send(self.request(Method::GET, "/resource").bearer_auth(token)).await
    }

    /// The tokens for the code that [`code`](Self::code) gets.
    pub(crate) async fn tokens(&self, client: &str, more: &str) -> Tokens {
        let code = self.code(client, more).await;
        Tokens::of(&self.redeem(client, &code).await)
    }
}

/// What the token endpoint handed out.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    /// Those in `answer`, which has both.
    pub(crate) fn of(answer: &Page) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let token = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
        Self { access: token("access_token"), refresh: token("refresh_token") }
    }
}
