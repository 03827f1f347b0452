//! Keys whose feature this build does not offer. They are refused by name, except
//! where a key's value asks for nothing.

use serde_json::{Map, Value, json};

use super::Problem;

/// The place of an object with such keys.
type Keys = &'static [(&'static str, fn() -> Value)];

const POLICY: Keys = &[("pushed_request_lifetime", none)];

const CLIENT: Keys = &[
    ("jwks", none),
    ("require_pushed_authorization_requests", || json!(false)),
    ("dpop_bound_access_tokens", || json!(false)),
];

/// Takes every such key out of `config` and says which of them asked for something.
pub(super) fn take_out(config: &mut Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut take = |path: String, value: Option<&mut Value>, keys: Keys| {
        if let Some(object) = value.and_then(Value::as_object_mut) {
            keys.iter().for_each(|(key, nothing)| {
                problems.extend(take_key(object, &path, key, &nothing()));
            });
        }
    };
    take("policy.".into(), config.get_mut("policy"), POLICY);
    if let Some(clients) = config.get_mut("clients").and_then(Value::as_array_mut) {
        for (index, client) in clients.iter_mut().enumerate() {
            take(format!("clients[{index}]."), Some(client), CLIENT);
        }
    }
    problems
}

fn take_key(
    object: &mut Map<String, Value>,
    path: &str,
    key: &str,
    nothing: &Value,
) -> Option<Problem> {
    let value = object.remove(key)?;
    if value.is_null() || value == *nothing {
        return None;
    }
    let message = match nothing {
        Value::Null => "is not offered by this build yet".to_owned(),
        only => format!("is not offered by this build yet, except as {only}"),
    };
    Some(Problem::new(format!("{path}{key}"), message))
}

const fn none() -> Value {
    Value::Null
}
