//! Whether the content that people read says the same as the content that was signed.

use eventstore_schema::Sealed;
use serde::Deserialize as _;
use serde_json::Value;

/// The first field at which the opened content says something else than the stored one, save where
/// the stored one has a sealed value: only the installation can open that.
pub(super) fn differs(data: &Value, opened: &Value) -> Option<String> {
    let (Value::Object(fields), Value::Object(shown)) = (data, opened) else {
        return (data != opened).then(|| "as a whole".to_owned());
    };
    if let Some(added) = shown.keys().find(|name| !fields.contains_key(*name)) {
        return Some(format!("at {added:?}"));
    }
    fields.iter().find_map(|(name, value)| {
        let same = match shown.get(name) {
            None => false,
            Some(shown) if !value.is_object() => value == shown,
            Some(shown) => match Sealed::deserialize(value) {
                Ok(sealed) => stands_for(&sealed, shown),
                Err(_) => differs(value, shown).is_none(),
            },
        };
        (!same).then(|| format!("at {name:?}"))
    })
}

/// What may stand in the place of a sealed value: of a secret only that it is there.
fn stands_for(sealed: &Sealed, shown: &Value) -> bool {
    let is = |what: &str| {
        let only = shown.as_object().filter(|shown| shown.len() == 1);
        only.and_then(|only| only.get(what)) == Some(&Value::Bool(true))
    };
    if sealed.key.is_of_a_person() {
        shown.is_string() || is("erased") || is("unreadable")
    } else {
        is("sealed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_sealed_may_read_otherwise() {
        let person = "person/0190163d-8694-739b-aea5-966c26f8ad91";
        let secret = "password/0190163d-8694-739b-aea5-966c26f8ad91";
        let data = json!({
            "name": { "key": person, "box": "AAAA" },
            "hash": { "key": secret, "box": "AAAA" },
            "role": "member",
            "in": { "email": { "key": person, "box": "AAAA" }, "list": [1, 2] },
        });
        let opened = json!({
            "name": "Ada",
            "hash": { "sealed": true },
            "role": "member",
            "in": { "email": { "erased": true }, "list": [1, 2] },
        });
        assert_eq!(differs(&data, &opened), None);
        for (field, value) in [
            ("role", json!("admin")),
            ("name", json!({ "erased": false })),
            ("name", json!(7)),
            ("hash", json!("a secret")),
            ("in", json!({ "email": "ada@example.org", "list": [1] })),
            ("in", json!({ "email": "ada@example.org" })),
            ("more", json!(null)),
        ] {
            let mut other = opened.clone();
            other[field] = value;
            assert_eq!(differs(&data, &other), Some(format!("at {field:?}")));
        }
        assert!(differs(&data, &json!([])).is_some());
    }
}
