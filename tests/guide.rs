//! The guide leaves nothing out, and what it names is there.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use codegrant::{
    Cause, ClientAuthError, ClientId, CredentialError, HostError, LoginReason, Malformed,
    RequestError, Scope, TicketError,
};

/// The sections of RFC 6819 section 4 that are a threat each. The grants that are not
/// here (4.4.2 to 4.4.4) are one each.
const OF_RFC_6819: [(&str, RangeInclusive<u32>); 7] = [
    ("4.1", 1..=5),
    ("4.2", 1..=4),
    ("4.3", 1..=5),
    ("4.4.1", 1..=13),
    ("4.4", 2..=4),
    ("4.5", 1..=4),
    ("4.6", 1..=7),
];

/// The same of RFC 9700.
const OF_RFC_9700: [(&str, RangeInclusive<u32>); 1] = [("4", 1..=17)];

/// What a cause can be, each with the file that says so.
const CAUSES: [(&str, &str); 9] = [
    ("Cause", "src/cause.rs"),
    ("RequestError", "src/request/mod.rs"),
    ("Malformed", "src/request/form.rs"),
    ("ClientAuthError", "src/request/client_auth.rs"),
    ("CredentialError", "src/cause.rs"),
    ("Refusal", "src/grant/refusal.rs"),
    ("TicketError", "src/token/ticket.rs"),
    ("LoginReason", "src/token/ticket.rs"),
    ("BearerError", "src/request/bearer.rs"),
];

#[test]
fn every_threat_is_there_and_names_tests_that_exist() {
    let page = page("threats");
    for (rfc, sections) in [("6819", &OF_RFC_6819[..]), ("9700", &OF_RFC_9700)] {
        let threats: Vec<_> = items(section(&page, &format!("RFC {rfc}, section 4"))).collect();
        let numbers: Vec<_> = threats.iter().map(|threat| first_word(threat)).collect();
        let expected = sections.iter().flat_map(|(above, below)| {
            below.clone().map(move |number| format!("{above}.{number}"))
        });
        assert_eq!(numbers, expected.collect::<Vec<_>>(), "RFC {rfc}");
        for threat in &threats {
            let (number, shown) = (first_word(threat), tests_named(threat));
            assert!(!shown.is_empty(), "RFC {rfc} section {number} names no test");
            for (file, name) in shown {
                let has = has_test(&read(&file), &name);
                assert!(has, "RFC {rfc} section {number}: {file} has no test {name:?}");
            }
        }
    }
}

#[test]
fn whatever_can_be_the_cause_is_there_and_nothing_else() {
    let page = page("troubleshooting");
    for (name, file) in CAUSES {
        let listed: Vec<_> = items(section(&page, &format!("`{name}`")))
            .map(|item| item.split('`').nth(1).unwrap().to_owned())
            .collect();
        assert_eq!(listed, variants(&read(file), name), "{name}");
    }
}

#[test]
fn the_client_is_told_what_the_page_says() {
    let page = page("troubleshooting");
    let says = |name: &str| {
        let items = items(section(&page, &format!("`{name}`")));
        items.map(|item| item.split(": ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let told = |name: String, cause: Cause| {
        format!("`{name}`**, {} `{}`", cause.status().as_u16(), cause.code().as_str())
    };
    let causes = causes().into_iter().map(|cause| told(name(&cause), cause));
    assert_eq!(says("Cause"), causes.collect::<Vec<_>>());
    let errors = request_errors().into_iter().map(|error| told(name(&error), error.into()));
    assert_eq!(says("RequestError"), errors.collect::<Vec<_>>());
}

/// The items of a text's lists, each on one line, without the mark that it begins with.
fn items(text: &str) -> impl Iterator<Item = String> {
    text.split("\n- **").skip(1).map(|item| {
        let item = item.split("\n\n").next().unwrap();
        item.split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap()
}

/// File and name of each test in a text: `` `file.rs: name, name` ``.
fn tests_named(text: &str) -> Vec<(String, String)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let of_file = |(file, names): (&str, &str)| {
        let pair = |name: &str| (file.to_owned(), name.to_owned());
        names.split(", ").map(pair).collect::<Vec<_>>()
    };
    quoted.filter_map(|code| code.split_once(": ")).flat_map(of_file).collect()
}

/// Whether the function of this name is there, and says of itself that it is a test.
fn has_test(source: &str, name: &str) -> bool {
    let before = source.split_once(&format!("fn {name}(")).map(|(before, _)| before);
    before.and_then(|before| before.rsplit("\n\n").next()).is_some_and(|head| head.contains("test"))
}

/// What stands under a heading, up to the next of its level.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let heading = format!("\n# {heading}\n");
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("no {heading:?}"));
    rest.split("\n# ").next().unwrap()
}

/// The variants of an enum, as its source has them.
fn variants(source: &str, name: &str) -> Vec<String> {
    let head = format!("pub enum {name} {{\n");
    let (_, rest) = source.split_once(&head).unwrap_or_else(|| panic!("no {head:?}"));
    let body = rest.split("\n}").next().unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned())
        .collect()
}

/// The name of a variant, as it prints.
fn name(variant: &impl std::fmt::Debug) -> String {
    let printed = format!("{variant:?}");
    printed.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
}

fn causes() -> Vec<Cause> {
    let needed = || "reports.read".to_owned();
    vec![
        Cause::Request(RequestError::InQuery),
        Cause::Method,
        Cause::UnknownClient(ClientId::parse("app").unwrap()),
        Cause::ClientAuthentication(ClientAuthError::Failed),
        Cause::Ticket(TicketError::Expired),
        Cause::Denied,
        Cause::LoginRequired(LoginReason::SignedOut),
        Cause::AccountSelectionRequired,
        Cause::ConsentRequired,
        Cause::InteractionRequired,
        Cause::UnmetAuthenticationRequirements,
        Cause::SignedOut,
        Cause::Withdrawn,
        Cause::Code(CredentialError::Forged),
        Cause::Refresh(CredentialError::Forged),
        Cause::GrantTypeNotRegistered,
        Cause::OtherClientsToken,
        Cause::Bearer(codegrant::BearerError::InQuery),
        Cause::TokenMissing,
        Cause::Token(CredentialError::Forged),
        Cause::InsufficientUserAuthentication,
        Cause::Scope { needed: Scope::parse(&needed()).unwrap() },
        Cause::Permission { needed: needed() },
        Cause::NoPairwiseSalt,
        Cause::Host(HostError::new("the database is down")),
        Cause::Contention,
    ]
}

fn request_errors() -> Vec<RequestError> {
    vec![
        RequestError::Malformed(Malformed::Utf8),
        RequestError::Repeated("scope"),
        RequestError::Missing("code"),
        RequestError::Invalid("state"),
        RequestError::InQuery,
        RequestError::RedirectUri,
        RequestError::PostLogoutRedirectUri,
        RequestError::ResponseType,
        RequestError::RequestObject,
        RequestError::RequestUri,
        RequestError::Registration,
        RequestError::Scope,
        RequestError::Target,
        RequestError::ChallengeMissing,
        RequestError::ChallengeMethod,
        RequestError::Verifier,
        RequestError::GrantType,
    ]
}

fn page(name: &str) -> String {
    read(&format!("src/guide/{name}.md"))
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
