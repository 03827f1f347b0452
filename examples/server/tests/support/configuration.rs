//! What is said of a configuration.

use serde_json::{Value, json};
use server::{Config, Problem};

pub(crate) fn problems(config: &Value) -> Vec<String> {
    let problems = Config::from_json(&config.to_string()).err().unwrap_or_default();
    problems.iter().map(Problem::to_string).collect()
}

/// Asserts that `config` has this one problem: its key, and words of its message.
pub(crate) fn assert_problem(config: &Value, key: &str, words: &str) {
    let problems = problems(config);
    let [problem] = problems.as_slice() else { panic!("{config}: {problems:#?}") };
    let (named, message) = problem.split_once(": ").unwrap();
    assert_eq!(named, key, "{config}: {problem}");
    assert!(message.contains(words), "{config}: {problem}");
}

/// A client with one more or one other member.
pub(crate) fn client(key: &str, value: Value) -> Value {
    let mut client = json!({
        "client_id": "app",
        "redirect_uris": ["https://app.example/cb"],
        "scope": "reports.read",
    });
    client.as_object_mut().unwrap().insert(key.into(), value);
    json!({ "clients": [client] })
}
