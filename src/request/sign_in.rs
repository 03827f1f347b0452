//! What a request wants of the user's sign-in (OpenID Connect Core section
//! 3.1.2.1, RFC 9470 section 5), whether or not it asks for an ID token.

use std::time::Duration;

use super::RequestError;
use super::params::{Name, Params, fits};
use crate::model::client::Client;
use crate::model::identity::{Acr, Subject};
use crate::model::page::{Display, Locales};
use crate::model::prompt::Prompt;

/// Who has to be signed in, how and since when; and how to ask them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SignIn {
    pub(crate) prompt: Prompt,
    /// How long ago the sign-in may have been.
    pub(crate) max_age: Option<Duration>,
    pub(crate) acr: WantedAcr,
    /// Who of them, as the client calls them; `None` if anybody.
    pub(crate) subjects: Option<Vec<Subject>>,
    pub(crate) login_hint: Option<String>,
    pub(crate) ui_locales: Locales,
    pub(crate) display: Option<Display>,
}

/// How sure the sign-in has to make one.
#[derive(Clone, Debug, Default)]
pub(crate) struct WantedAcr {
    /// Any of these would do, the first best; anything, if there is none.
    pub(crate) values: Vec<Acr>,
    /// Whether nothing else will do.
    pub(crate) essential: bool,
}

impl SignIn {
    /// Reads what `client` wants this time.
    pub(super) fn parse(params: &Params, client: &Client) -> Result<Self, RequestError> {
        let values = read(params, Name::AcrValues, acr_values)?.unwrap_or_default();
        Ok(Self {
            prompt: prompt(params)?,
            max_age: read(params, Name::MaxAge, seconds)?.or(client.default_max_age()),
            acr: WantedAcr { values, essential: false },
            subjects: None,
            login_hint: read(params, Name::LoginHint, login_hint)?,
            ui_locales: locales(params, Name::UiLocales)?,
            display: read(params, Name::Display, Display::parse)?,
        })
    }

    /// What `client` wants whenever it does not say.
    pub(super) fn or_default_acr(mut self, client: &Client) -> Self {
        if self.acr.values.is_empty() {
            self.acr.values = client.default_acr_values().to_vec();
        }
        self
    }

    /// Only one of `subjects` will do from now on; `None` if that leaves nobody.
    pub(super) fn narrow(&mut self, mut subjects: Vec<Subject>) -> Option<()> {
        if let Some(earlier) = &self.subjects {
            subjects.retain(|subject| earlier.contains(subject));
        }
        let somebody = !subjects.is_empty();
        self.subjects = Some(subjects);
        somebody.then_some(())
    }

    /// Whether `subject` is one of those it has to be.
    pub(crate) fn admits(&self, subject: &Subject) -> bool {
        self.subjects.as_ref().is_none_or(|subjects| subjects.contains(subject))
    }
}

impl WantedAcr {
    /// Whether a sign-in that is this sure would do.
    pub(crate) fn is_met_by(&self, acr: Option<&Acr>) -> bool {
        self.values.is_empty() || acr.is_some_and(|acr| self.values.contains(acr))
    }
}

/// What the client wants to be shown.
pub(crate) fn prompt(params: &Params) -> Result<Prompt, RequestError> {
    Ok(read(params, Name::Prompt, Prompt::parse)?.unwrap_or_default())
}

/// The languages that `name` wishes for.
pub(super) fn locales(params: &Params, name: Name) -> Result<Locales, RequestError> {
    Ok(params.get(name)?.map(Locales::read).unwrap_or_default())
}

/// The value of `name` as what it stands for.
pub(super) fn read<'p, T>(
    params: &'p Params,
    name: Name,
    parse: impl FnOnce(&'p str) -> Option<T>,
) -> Result<Option<T>, RequestError> {
    let value = params.get(name)?;
    value.map(|text| parse(text).ok_or(RequestError::Invalid(name.as_str()))).transpose()
}

fn login_hint(text: &str) -> Option<String> {
    fits(text).then(|| text.to_owned())
}

/// A number of seconds, without a sign.
fn seconds(text: &str) -> Option<Duration> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok().map(Duration::from_secs))?
}

fn acr_values(text: &str) -> Option<Vec<Acr>> {
    let values = text.split(' ').filter(|value| !value.is_empty());
    values.map(|value| Acr::parse(value).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<SignIn, RequestError> {
        let client = Client::builder("app").redirect_uri("https://app.example/cb");
        SignIn::parse(&Params::decode(&[query])?, &client.build().unwrap())
    }

    #[test]
    fn max_age_is_a_number_of_seconds() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(1)),
            ("0086400", Some(86_400)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("%2B1", None),
            ("1.5", None),
            ("1e3", None),
            ("0x10", None),
            ("%201", None),
            ("%D9%A1", None),
            ("soon", None),
        ] {
            let sign_in = parse(&format!("max_age={text}"));
            let expected = expected.ok_or(RequestError::Invalid("max_age"));
            let read = sign_in.map(|sign_in| sign_in.max_age.map(|age| age.as_secs()));
            assert_eq!(read, expected.map(Some), "{text}");
        }
        assert_eq!(parse("max_age=").unwrap().max_age, None);
    }

    #[test]
    fn the_registrations_defaults_hold_where_the_request_is_silent() {
        let client = Client::builder("app").redirect_uri("https://app.example/cb");
        let client = client.default_max_age(Duration::from_secs(60)).default_acr_value("gold");
        let client = client.build().unwrap();
        for (query, max_age, acr) in
            [("", 60, "gold"), ("max_age=0", 0, "gold"), ("acr_values=b+a", 60, "b")]
        {
            let params = Params::decode(&[query]).ok().unwrap();
            let sign_in = SignIn::parse(&params, &client).unwrap().or_default_acr(&client);
            assert_eq!(sign_in.max_age, Some(Duration::from_secs(max_age)), "{query}");
            assert_eq!(sign_in.acr.values[0].as_str(), acr, "{query}");
        }
    }

    #[test]
    fn lists_of_subjects_leave_whom_all_of_them_name() {
        let subject = |name: &str| Subject::parse(name).unwrap();
        let mut sign_in = SignIn::default();
        assert!(sign_in.admits(&subject("carol")));
        assert!(sign_in.narrow(vec![subject("alice"), subject("bob")]).is_some());
        assert!(sign_in.admits(&subject("alice")) && !sign_in.admits(&subject("carol")));
        assert!(sign_in.narrow(vec![subject("bob"), subject("carol")]).is_some());
        assert!(sign_in.admits(&subject("bob")) && !sign_in.admits(&subject("alice")));
        assert!(sign_in.narrow(vec![subject("alice")]).is_none());
        assert!(!sign_in.admits(&subject("bob")));
    }
}
