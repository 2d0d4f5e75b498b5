//! Every event of the contract in every form: the published samples are the events.

use super::*;
use ::csv::Reader;
use audit_log::export::{End, Header, Line, Record};
use eventstore_schema::{Actor, EventId, Metadata, Position, RecordedEvent, StreamName, UserId};
use serde_json::Map;
use std::{collections::BTreeSet, fs, path::PathBuf};
use uuid::Uuid;

const ORIGIN: &str = "pawl-audit-log/000102030405060708090a0b0c0d0e0f";

/// A file of the workspace.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_default()
}

/// The file is as it was looked at.
#[track_caller]
fn assert_golden(name: &str, now: &str) {
    if std::env::var_os("PAWL_GOLDEN").is_some() {
        fs::write(file(name), now).unwrap();
    }
    assert_eq!(now, read(name), "{name}");
}

/// A record with the published sample of its type as its content, as the log holds it.
fn recorded(name: &str, version: u32, actor: Actor, index: u64) -> (Recorded<Event>, Value) {
    let sample = |name: String| read(&format!("eventstore-schema/published/{name}.sample.json"));
    let (data, metadata) = (
        sample(format!("{name}.v{version}")),
        sample("Metadata.v2".into()),
    );
    let mut metadata: Metadata = serde_json::from_str(&metadata).unwrap();
    (metadata.version, metadata.actor) = (version, actor);
    let id = Uuid::from_u128(0x019c_ae34_7780_7e08_9c66_0000_0000_0000 + u128::from(index));
    let event = Event::decode(name, version, &data).unwrap();
    let kind = match event {
        Event::Installation(_) => "installation",
        Event::Address(_) => "address",
        Event::Organization(_) => "organization",
        Event::User(_) => "user",
        Event::Session(_) => "session",
        Event::ApiCredential(_) => "api_credential",
        Event::Audit(_) => "audit",
    };
    let record = RecordedEvent {
        position: Position(index + 1),
        stream: StreamName::named(format!("{kind}-019cadc6-9a80-74bd-aaf0-c549d567e2fd")),
        revision: 0,
        id: EventId(id),
        event_type: name.to_owned(),
        metadata: metadata.encode().unwrap(),
        data: data.clone(),
    };
    (
        record.decode().unwrap(),
        serde_json::from_str(&data).unwrap(),
    )
}

fn user() -> Actor {
    Actor::User(UserId(Uuid::from_u128(7)))
}

/// The content with something readable in place of what is sealed.
fn opened(mut content: Value) -> Value {
    for value in content
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        if value.get("box").is_some() {
            *value = "=Ada \"Countess\", née Byron".into();
        } else if value.is_object() {
            *value = opened(value.take());
        }
    }
    content
}

/// A short history.
fn history() -> Vec<(Recorded<Event>, Value)> {
    let events = [
        ("OrganizationRegistered", 1, Actor::Operator),
        ("UserInvited", 1, user()),
        ("SignInRejected", 2, Actor::Anonymous),
        ("OtpDeviceConfirmed", 1, user()),
        ("SignedIn", 2, user()),
        ("TwoFactorEnforced", 1, user()),
        ("OtpDevicesReset", 1, Actor::Operator),
    ];
    let events = events.into_iter().zip(0..);
    let events =
        events.map(|((name, version, actor), index)| recorded(name, version, actor, index));
    events
        .map(|(event, content)| (event, opened(content)))
        .collect()
}

fn entry<'a>(index: u64, event: &'a Recorded<Event>, content: &'a Value) -> Entry<'a> {
    Entry {
        origin: ORIGIN,
        index,
        event,
        content,
    }
}

fn written(format: Format) -> String {
    let history = history();
    let lines = history
        .iter()
        .zip(0..)
        .map(|((event, content), index)| format.line(&entry(index, event, content)));
    format.header() + &lines.collect::<String>()
}

#[test]
fn a_short_history_is_as_it_was_looked_at() {
    for format in [Format::CloudEvents, Format::Ocsf, Format::Csv] {
        let name = format.to_possible_value().unwrap().get_name().to_owned();
        let golden = format!("api/src/audit/formats/golden/{name}.{}", format.extension());
        assert_golden(&golden, &written(format));
    }
}

/// The text with this between two marks.
fn fill(text: &str, mark: &str, with: &str) -> String {
    let (before, rest) = text.split_once(&format!("<!-- {mark} -->\n")).unwrap();
    let (_, after) = rest.split_once("<!-- end -->\n").unwrap();
    format!("{before}<!-- {mark} -->\n{with}<!-- end -->\n{after}")
}

/// The line of the enforcement, as it stands in a file with a header.
fn sample(format: Format) -> String {
    let header = format.header().replace("\r\n", "\n");
    let text = written(format);
    let mut lines = text.lines();
    let enforced = lines.find(|line| line.contains("TwoFactorEnforced"));
    format!("```\n{header}{}\n```\n", enforced.unwrap())
}

/// Which event is of which class.
fn mapping() -> String {
    let head = "| event | class | activity | status | severity |\n|---|---|---|---|---|\n";
    let row = |(name, version)| {
        let (event, content) = recorded(name, version, user(), 0);
        let line = Format::Ocsf.line(&entry(0, &event, &content));
        let object: Value = serde_json::from_str(&line).unwrap();
        let text = |field: &str| object[field].as_str().unwrap().to_owned();
        let (class, activity) = (text("class_name"), text("type_name"));
        let activity = activity.rsplit(": ").next().unwrap();
        format!(
            "| `{name}` | {class} ({}) | {activity} ({}) | {} | {} |\n",
            object["class_uid"],
            object["activity_id"],
            text("status"),
            text("severity")
        )
    };
    head.to_owned() + &newest().map(row).collect::<String>()
}

#[test]
fn the_docs_say_what_the_code_does() {
    let docs = read("docs/exports.md");
    let docs = fill(&docs, "cloudevents", &sample(Format::CloudEvents));
    let docs = fill(&docs, "ocsf", &sample(Format::Ocsf));
    let docs = fill(&docs, "csv", &sample(Format::Csv));
    assert_golden("docs/exports.md", &fill(&docs, "mapping", &mapping()));
}

#[test]
fn what_reads_csv_reads_every_cell_as_it_was() {
    let text = written(Format::Csv);
    let mut reader = Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), csv::COLUMNS.as_slice());
    for (row, (event, content)) in reader.records().zip(history()) {
        let row = row.unwrap();
        assert_eq!(&row[1], event.id.to_string());
        assert_eq!(serde_json::from_str::<Value>(&row[8]).unwrap(), content);
    }
}

/// `CloudEvents` 1.0, section "Context Attributes": names are of lower-case letters and digits, at most
/// 20 of them; the required ones are texts with something in them.
#[test]
fn every_event_is_a_cloud_event() {
    for (name, version) in newest() {
        let (event, content) = recorded(name, version, user(), 3);
        let line = Format::CloudEvents.line(&entry(3, &event, &content));
        let object: Map<String, Value> = serde_json::from_str(&line).unwrap();
        for required in ["id", "source", "specversion", "type", "subject"] {
            assert!(
                object[required]
                    .as_str()
                    .is_some_and(|text| !text.is_empty())
            );
        }
        assert_eq!(object["type"], format!("pawl.{name}"));
        for (attribute, value) in object.iter().filter(|(name, _)| *name != "data") {
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            assert!(
                attribute.len() <= 20 && attribute.chars().all(good),
                "{attribute}"
            );
            let small = |number: i64| i32::try_from(number).is_ok();
            assert!(
                value.is_string() || value.as_i64().is_some_and(small),
                "{attribute}"
            );
        }
    }
}

/// Held against what the schema asks for, written down in `tests/ocsf`.
#[test]
fn every_event_is_what_its_ocsf_class_asks_for() {
    let facts: Value = serde_json::from_str(&read("tests/ocsf/1.8.0.json")).unwrap();
    for (name, version) in newest() {
        for actor in [user(), Actor::Operator, Actor::Anonymous] {
            let (event, sealed) = recorded(name, version, actor, 3);
            for content in [sealed.clone(), opened(sealed)] {
                let line = Format::Ocsf.line(&entry(3, &event, &content));
                let object: Value = serde_json::from_str(&line).unwrap();
                let class = &facts["classes"][object["class_uid"].to_string()];
                check(&facts, class, &object, name);
                let [category, class_uid, activity, type_uid] =
                    ["category_uid", "class_uid", "activity_id", "type_uid"]
                        .map(|number| object[number].as_u64().unwrap());
                assert_eq!((category, class_uid / 1000), (3, 3), "{name}");
                assert_eq!(type_uid, class_uid * 100 + activity, "{name}");
                assert_eq!(object["class_name"], class["caption"], "{name}");
                let caption = &class["activities"][activity.to_string()];
                let of_type = format!(
                    "{}: {}",
                    class["caption"].as_str().unwrap(),
                    caption.as_str().unwrap()
                );
                assert_eq!(object["type_name"], of_type, "{name}");
                assert_eq!(object["metadata"]["version"], facts["version"]);
            }
        }
    }
}

/// All that is required is there, and nothing is there that the schema does not know or not so.
fn check(facts: &Value, shape: &Value, object: &Value, at: &str) {
    let attributes = shape["attributes"].as_object().unwrap();
    let object = object
        .as_object()
        .unwrap_or_else(|| panic!("{at} is no object"));
    for (name, fact) in attributes {
        let missing = fact["required"] == true && !object.contains_key(name);
        assert!(!missing, "{at} has no {name}");
    }
    if let Some(some) = shape["at_least_one"].as_array() {
        let one = some
            .iter()
            .any(|name| object.contains_key(name.as_str().unwrap()));
        assert!(one, "{at} has none of {some:?}");
    }
    for (name, value) in object {
        let at = format!("{at}.{name}");
        let fact = attributes
            .get(name)
            .unwrap_or_else(|| panic!("{at} is unknown"));
        let values = match (fact["array"] == true, value.as_array()) {
            (true, Some(values)) => values.iter().collect(),
            (false, None) => vec![value],
            _ => panic!("{at} is a list, or should be one"),
        };
        for value in values {
            match fact["type"].as_str().unwrap() {
                "string" => assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{at}"),
                "integer" => assert!(value.is_i64(), "{at}"),
                "boolean" => assert!(value.is_boolean(), "{at}"),
                "object" => assert!(value.is_object(), "{at}"),
                object => check(facts, &facts["objects"][object], value, &at),
            }
            if let Some(known) = fact["enum"].as_array() {
                assert!(known.contains(value), "{at} is {value}");
            }
        }
    }
}

fn newest() -> impl Iterator<Item = (&'static str, u32)> {
    let types = Event::types();
    let names: BTreeSet<_> = types.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), types.len());
    types.into_iter()
}

/// An export with one record of each moment, a second apart.
fn export_lines() -> Vec<Line> {
    let header = Line::Header(Header {
        format: "pawl-audit-export/1".into(),
        organization_id: None,
        tag_key: None,
        checkpoint: format!("{ORIGIN}\n7\n"),
    });
    let records = history()
        .into_iter()
        .zip(0..)
        .map(|((event, opened), index)| {
            let mut metadata = event.metadata.clone();
            metadata.recorded_at += chrono::TimeDelta::seconds(i64::try_from(index).unwrap());
            Line::Record(Record {
                index,
                leaf: String::new(),
                tag: None,
                stream: event.stream.clone(),
                revision: event.revision,
                event_id: event.id,
                event_type: event.data.event_type().0.to_owned(),
                metadata: metadata.encode().unwrap(),
                data: event.data.encode().unwrap(),
                opened,
                opened_digest: None,
            })
        });
    let end = Line::End(End {
        records: 7,
        leaves: 7,
    });
    [header].into_iter().chain(records).chain([end]).collect()
}

fn rewritten(format: Format, period: Period) -> String {
    let mut rewriter = Rewriter::new(format, period);
    let lines = export_lines();
    lines
        .iter()
        .map(|line| rewriter.rewrite(line).unwrap())
        .collect()
}

#[test]
fn a_period_begins_with_its_first_moment_and_ends_before_its_last() {
    let second = |second| {
        let first = history()[0].0.metadata.recorded_at;
        Some(first + chrono::TimeDelta::seconds(second))
    };
    let period = Period {
        from: second(2),
        to: second(5),
    };
    let rewritten = rewritten(Format::CloudEvents, period);
    let index = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["source"], ORIGIN);
        event["leafindex"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        rewritten.lines().map(index).collect::<Vec<_>>(),
        ["2", "3", "4"]
    );
}
