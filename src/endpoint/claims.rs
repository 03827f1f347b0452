//! Which claims about the user a client is told (OpenID Connect Core section 5.4
//! and 5.5).

use std::ops::Bound;

use serde_json::{Map, Value};

use crate::grant::Grant;
use crate::model::claim_names::{ClaimNames, is_of_the_protocol};
use crate::model::page::Locales;
use crate::model::scope::{OPENID, Scope};
use crate::model::user::User;

/// Where claims are told.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In an ID token: only what was asked for there, one by one. What scopes
    /// release is not in it, since an access token is always issued with it, and
    /// opens userinfo (section 5.4).
    IdToken,
    /// At the userinfo endpoint: these too, which scopes release.
    #[cfg(feature = "openid")]
    UserInfo(ClaimNames),
}

/// What of `user` is told about under `grant`, with the scope `allowed`: never
/// one of the claims that the protocol itself makes, such as `sub`.
///
/// Which values a client would like, and that it cannot do without a claim, are
/// wishes: a claim is told as it is, or is left out (section 5.5.1).
pub(super) fn released(
    grant: &Grant,
    allowed: &Scope,
    user: &User,
    place: Place,
) -> Map<String, Value> {
    let Some(asked) = grant.asked().filter(|_| allowed.contains(OPENID)) else {
        return Map::new();
    };
    let (one_by_one, by_scope): (_, Option<ClaimNames>) = match place {
        Place::IdToken => (&asked.claims.id_token, None),
        #[cfg(feature = "openid")]
        Place::UserInfo(by_scope) => (&asked.claims.userinfo, Some(by_scope)),
    };
    let by_scope = by_scope.iter().flat_map(|names| names.iter());
    let names = one_by_one.iter().chain(by_scope).filter(|name| !is_of_the_protocol(name));
    let told = names.filter_map(|name| Some((name, value(user, name, &asked.claims_locales)?)));
    told.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What is told of `user` as `name`. A claim that is asked for in a language is
/// told in that; any other in the first of `locales` that it is kept in, else as
/// it is kept without a language, and without saying in which (section 5.2).
fn value(user: &User, name: &str, locales: &Locales) -> Option<Value> {
    match name {
        "roles" => return Some(user.roles().into()),
        "permissions" => return Some(user.permissions().into()),
        _ => {}
    }
    let told = match name.split_once('#') {
        Some((name, language)) => {
            let mut kept = kept(user, name);
            kept.retain(|(tag, _)| is_within(tag, language));
            nearest(&kept, language)
        }
        None => {
            let (kept, mut languages) = (kept(user, name), locales.iter());
            let told = languages.find_map(|wanted| nearest(&kept, wanted));
            told.or_else(|| user.claims().get(name).filter(|value| is_something(value)))
        }
    };
    told.cloned()
}

/// A value, and the tag of the language that it is in.
type InLanguage<'u> = (&'u str, &'u Value);

/// The claim in every language that it is kept in. Their names stand side by side,
/// so nothing else that is known of the user is looked at.
fn kept<'u>(user: &'u User, name: &str) -> Vec<InLanguage<'u>> {
    let prefix = format!("{name}#");
    let onwards = (Bound::Included(prefix.as_str()), Bound::Unbounded);
    let ours = user.claims().range::<str, _>(onwards);
    let ours = ours.map_while(|(kept, value)| Some((kept.strip_prefix(&prefix)?, value)));
    ours.filter(|(_, value)| is_something(value)).collect()
}

/// What of `kept` serves those best who want `wanted`.
fn nearest<'u>(kept: &[InLanguage<'u>], wanted: &str) -> Option<&'u Value> {
    let served = kept.iter().filter_map(|(tag, value)| Some((Nearness::of(tag, wanted)?, *value)));
    served.min_by_key(|(nearness, _)| *nearness).map(|(_, value)| value)
}

/// How a language serves those who want another, the nearest first (RFC 4647
/// section 3.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Same,
    /// It is a part of what is wanted, as `de-CH` is of `de`.
    Narrower,
    /// What is wanted is a part of it, and longer by so many bytes.
    Broader(usize),
}

impl Nearness {
    fn of(kept: &str, wanted: &str) -> Option<Self> {
        match (is_within(kept, wanted), is_within(wanted, kept)) {
            (true, true) => Some(Self::Same),
            (true, false) => Some(Self::Narrower),
            (false, true) => Some(Self::Broader(wanted.len().saturating_sub(kept.len()))),
            (false, false) => None,
        }
    }
}

/// Whether the language `tag` is `whole` or a part of it.
fn is_within(tag: &str, whole: &str) -> bool {
    tag.split_at_checked(whole.len()).is_some_and(|(head, tail)| {
        head.eq_ignore_ascii_case(whole) && (tail.is_empty() || tail.starts_with('-'))
    })
}

/// Whether a claim of this value is one: null and the empty text are left out
/// (section 5.3.2).
fn is_something(value: &Value) -> bool {
    !value.is_null() && value != ""
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::grant::{Approval, Attempt, CodeBinding, Seed};
    use crate::model::authentication::Authentication;
    use crate::model::authentication_request::AuthenticationRequest;
    use crate::model::claims::ClaimsRequest;
    use crate::model::client::Client;
    use crate::model::identity::{GrantId, Subject};
    use crate::model::resource::Resources;
    use crate::model::timestamp::Timestamp;

    /// A grant of `scope` whose request asked for these claims.
    fn grant(scope: &Scope, claims: &Value) -> Arc<Grant> {
        let client = Client::builder("app").redirect_uri("https://app.example/cb");
        let (client, now) = (client.build().unwrap(), Timestamp::from_unix(0));
        let claims = ClaimsRequest::parse(&claims.to_string()).unwrap().asked(&|_| true);
        let approval = Approval {
            id: GrantId::from_bytes([0; 16]),
            attempt: Attempt::from_bytes([0; 8]),
            client: client.id().clone(),
            authentication: Authentication::new(Subject::parse("alice").unwrap(), now),
            scope: scope.clone(),
            resources: Resources::none(),
            openid: Some(Arc::new(AuthenticationRequest { claims, ..Default::default() })),
            known_as: None,
            code: CodeBinding {
                seed: Seed::from_bytes([0; 16]).hash(),
                redirect_uri: client.redirect_uri(None).unwrap(),
                redirect_uri_named: false,
                code_challenge: None,
            },
        };
        Grant::approve(approval, now, Duration::from_secs(60))
    }

    #[test]
    fn an_id_token_has_what_was_asked_for_there_and_nothing_that_scopes_release() {
        let user = User::new().with_claims(
            ["name", "email", "phone_number", "auth_time", "sub"].map(|name| (name, "told")),
        );
        let claims = json!({
            "id_token": {"email": null, "auth_time": null, "acr": null, "sub": null},
            "userinfo": {"phone_number": null},
        });
        let scope = Scope::parse("openid profile").unwrap();
        let grant = grant(&scope, &claims);
        let by_scope: ClaimNames = ["name"].into_iter().collect();
        let told = |scope: &Scope, place| Value::from(released(&grant, scope, &user, place));
        assert_eq!(told(&scope, Place::IdToken), json!({"email": "told"}));
        let at_userinfo = json!({"name": "told", "phone_number": "told"});
        assert_eq!(told(&scope, Place::UserInfo(by_scope.clone())), at_userinfo);
        let narrowed = Scope::parse("profile").unwrap();
        for place in [Place::IdToken, Place::UserInfo(by_scope)] {
            assert_eq!(told(&narrowed, place), json!({}));
        }
    }

    fn told(user: &User, name: &str, locales: &str) -> Option<Value> {
        value(user, name, &Locales::read(locales))
    }

    fn polyglot() -> User {
        User::new().with_claims([
            ("name", "plain"),
            ("name#de-CH", "de-CH"),
            ("name#fr", "fr"),
            ("name#fr-FR", "fr-FR"),
            ("name#ja-Hani-JP", "ja-Hani-JP"),
            ("name#zh-Hans", "zh-Hans"),
            ("names#en", "another claim"),
            ("nick#en", "en"),
            ("nick#it", ""),
        ])
    }

    #[test]
    fn a_claim_is_told_in_the_most_wanted_language_that_it_is_kept_in() {
        let user = polyglot();
        for (locales, expected) in [
            ("", "plain"),
            ("de", "de-CH"),
            ("DE-ch", "de-CH"),
            ("de-AT", "plain"),
            ("d", "plain"),
            ("fr", "fr"),
            ("fr-FR", "fr-FR"),
            ("fr-CA", "fr"),
            ("fr-Latn-CA", "fr"),
            ("fr-FR-1694acad", "fr-FR"),
            ("ja-Kana-JP", "plain"),
            ("ja", "ja-Hani-JP"),
            ("zh-Hant-TW", "plain"),
            ("en tlh fr de", "fr"),
        ] {
            assert_eq!(told(&user, "name", locales), Some(expected.into()), "{locales:?}");
        }
        assert_eq!(told(&user, "nick", "it en"), Some("en".into()));
        assert_eq!(told(&user, "nick", "it"), None);
        assert_eq!(told(&user, "nick", ""), None);
    }

    /// However much is known of the user: what a language costs is a comparison with
    /// each of these, and [`Locales`] are few.
    #[test]
    fn a_language_is_compared_only_with_those_that_the_claim_is_kept_in() {
        let user = polyglot().with_claims((0..1000).map(|n| (format!("name{n}#de"), "another")));
        let tags = |name| kept(&user, name).into_iter().map(|(tag, _)| tag).collect::<Vec<_>>();
        assert_eq!(tags("name"), ["de-CH", "fr", "fr-FR", "ja-Hani-JP", "zh-Hans"]);
        assert_eq!(tags("nick"), ["en"]);
        for other in ["nam", "na", "", "zzz", "name#"] {
            assert_eq!(tags(other), [""; 0], "{other:?}");
        }
    }

    #[test]
    fn a_claim_that_is_asked_for_in_a_language_is_told_in_no_other() {
        let user = polyglot();
        for (name, expected) in [
            ("name#de-CH", Some("de-CH")),
            ("name#DE", Some("de-CH")),
            ("name#fr", Some("fr")),
            ("name#fr-CA", None),
            ("name#it", None),
            ("name#", None),
        ] {
            let expected = expected.map(Value::from);
            assert_eq!(told(&user, name, "fr"), expected, "{name}");
        }
    }

    #[test]
    fn what_has_no_value_is_left_out_and_every_other_value_is_told_as_it_is() {
        let user = User::new().with_claims([("a", Value::Null), ("b", "".into())]);
        for name in ["a", "b", "c"] {
            assert_eq!(told(&user, name, ""), None, "{name}");
        }
        for value in [json!(false), json!(0), json!([]), json!({"locality": null}), json!(" ")] {
            let user = User::new().with_claim("a", value.clone());
            assert_eq!(told(&user, "a", ""), Some(value));
        }
    }

    #[test]
    fn roles_and_permissions_are_the_users_own_whatever_else_is_called_so() {
        let user = User::new().with_roles(["analyst"]).with_claim("roles", json!(["admin"]));
        assert_eq!(told(&user, "roles", ""), Some(json!(["analyst"])));
        assert_eq!(told(&user, "permissions", ""), Some(json!([])));
    }
}
