//! Messages made fit to be shown: parameters one a line, secrets shortened.

use axum::http::StatusCode;
use openidconnect::url::form_urlencoded;
use serde_json::Value;

use crate::trace::Line;

/// What everybody may see in full. All else might open something, or is too
/// long to read, so a parameter that nobody thought of is shortened too.
const PUBLIC: [&str; 33] = [
    "acr_values",
    "action",
    "authorization_endpoint",
    "client_id",
    "code_challenge_method",
    "decision",
    "email",
    "end_session_endpoint",
    "error",
    "error_description",
    "expires_in",
    "grant_type",
    "iss",
    "issuer",
    "jwks_uri",
    "Location",
    "max_age",
    "name",
    "permission",
    "permissions",
    "post_logout_redirect_uri",
    "realm",
    "redirect_uri",
    "response_type",
    "roles",
    "scope",
    "sub",
    "subject",
    "title",
    "token_endpoint",
    "token_type",
    "userinfo_endpoint",
    "username",
];

/// How much of a secret is shown: enough to recognize it in the next step.
const SHOWN: usize = 6;

/// What does not fit on a page is nothing that a flow sends.
const LONGEST_TEXT: usize = 300;
const MOST_LINES: usize = 60;

/// `name` and `value`, as far as they may be shown.
pub(crate) fn line(name: &str, value: &str) -> Line {
    let value = match name {
        "password" => "(only the authorization server sees it)".to_owned(),
        "Authorization" => value.split_once(' ').map_or_else(
            || shortened(value),
            |(scheme, credentials)| format!("{scheme} {}", shortened(credentials)),
        ),
        _ if PUBLIC.contains(&name) => value.to_owned(),
        _ => shortened(value),
    };
    Line { name: printable(name), value: printable(&value) }
}

/// The parameters of a query or form.
pub(crate) fn form(encoded: &[u8]) -> Vec<Line> {
    let parameters = form_urlencoded::parse(encoded).take(MOST_LINES);
    parameters.map(|(name, value)| line(&name, &value)).collect()
}

/// Where a redirect leads, with its parameters.
pub(crate) fn location(url: &str) -> Vec<Line> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let mut lines = vec![line("Location", place)];
    lines.extend(form(query.as_bytes()));
    lines
}

/// The members of a JSON object.
pub(crate) fn json(body: &[u8]) -> Vec<Line> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Vec::new() };
    members
        .iter()
        .take(MOST_LINES)
        .map(|(name, value)| match value {
            Value::String(text) => line(name, text),
            Value::Array(items) => listed(name, items),
            other => line(name, &other.to_string()),
        })
        .collect()
}

fn listed(name: &str, items: &[Value]) -> Line {
    let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
    match texts.filter(|texts| PUBLIC.contains(&name) && !texts.is_empty()) {
        Some(texts) => line(name, &texts.join(", ")),
        None => Line { name: printable(name), value: format!("({} entries)", items.len()) },
    }
}

/// `303 See Other`.
pub(crate) fn status(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn shortened(secret: &str) -> String {
    let shown: String = secret.chars().take(SHOWN).collect();
    if shown.len() < secret.len() { format!("{shown}…") } else { "…".to_owned() }
}

/// Without characters that would break out of a line, and not endless.
fn printable(text: &str) -> String {
    let visible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().take(LONGEST_TEXT).map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, value: &str) -> String {
        line(name, value).value
    }

    #[test]
    fn secrets_are_shortened_and_passwords_hidden() {
        assert_eq!(shown("code", "abcdefgh"), "abcdef…");
        assert_eq!(shown("something_new", "abcdefgh"), "abcdef…");
        assert_eq!(shown("code", "abcdef"), "…", "a short secret would be shown whole");
        assert_eq!(shown("Authorization", "Basic ZGFzaGJvYXJk"), "Basic ZGFzaG…");
        assert_eq!(shown("password", "wonderland"), "(only the authorization server sees it)");
    }

    #[test]
    fn what_everybody_may_see_is_shown_in_full() {
        let lines = form(b"client_id=dashboard&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback");
        assert_eq!(lines[0], Line { name: "client_id".into(), value: "dashboard".into() });
        assert_eq!(lines[1].value, "http://127.0.0.1/callback");
    }

    #[test]
    fn a_redirect_is_shown_with_its_parameters() {
        let lines = location("http://127.0.0.1/callback?code=abcdefgh&iss=http%3A%2F%2Fa");
        let texts: Vec<_> =
            lines.iter().map(|line| format!("{}={}", line.name, line.value)).collect();
        assert_eq!(texts, ["Location=http://127.0.0.1/callback", "code=abcdef…", "iss=http://a"]);
    }

    #[test]
    fn json_members_are_lines_and_other_bodies_none() {
        let lines = json(br#"{"access_token":"abcdefgh","expires_in":600,"keys":["abc","def"],"roles":["a","b"],"rows":[1,2]}"#);
        let values: Vec<_> = lines.iter().map(|line| line.value.as_str()).collect();
        assert_eq!(values, ["abcdef…", "600", "(2 entries)", "a, b", "(2 entries)"]);
        assert_eq!(json(b"<html>"), []);
    }

    #[test]
    fn a_flood_of_parameters_stays_readable() {
        let lines = form(format!("scope={}{}", "x".repeat(9000), "&a=b".repeat(9000)).as_bytes());
        assert_eq!(lines.len(), MOST_LINES);
        assert_eq!(lines[0].value.len(), LONGEST_TEXT);
    }

    #[test]
    fn control_characters_cannot_break_a_line() {
        assert_eq!(shown("scope", "a\r\nb"), "a\u{fffd}\u{fffd}b");
    }
}
