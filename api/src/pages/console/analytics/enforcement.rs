//! How long it took from the enforcement until people had set up.

use super::{
    super::super::{
        charts::{Fill, Row, Rows},
        figures::span,
    },
    section::{Look, Section, Table},
};
use crate::application::Failure;
use projections::analytics::people::ENFORCEMENT;

const SHARES: [(&str, &str); 3] = [
    ("50", "seconds_to_50"),
    ("90", "seconds_to_90"),
    ("99", "seconds_to_99"),
];

pub async fn section(look: &Look<'_>) -> Result<Section, Failure> {
    let title = "analytics-enforcement";
    let rows = look.rows(&ENFORCEMENT, [None, None]).await?;
    let Some(row) = rows.first() else {
        return Ok(Section {
            half: true,
            ..look.nothing(ENFORCEMENT.name, title, "analytics-enforcement-nothing")
        });
    };
    let (people, set_up) = (row.count("people"), row.count("set_up"));
    let sentence = look.language.say("analytics-enforcement-says");
    let sentence = sentence
        .count("count", &people)
        .with("people", look.number(people))
        .with("set", look.number(set_up));
    let (title, sentence) = (look.say(title), sentence.to_string());
    let reached = SHARES.map(|(share, column)| {
        let share = look.language.say("analytics-share").with("share", share);
        (share.to_string(), row.known(column))
    });
    let told = |seconds: Option<u64>| match seconds {
        Some(seconds) => span(look.language, seconds),
        None => look.say("analytics-not-yet"),
    };
    let chart = Rows {
        whole: 0,
        rows: reached
            .iter()
            .map(|(share, seconds)| Row {
                title: share.clone(),
                count: seconds.unwrap_or(0),
                says: told(*seconds),
                fill: Fill::Full,
            })
            .collect(),
    };
    let head = [
        "analytics-of-the-people",
        "analytics-took",
        "analytics-seconds",
    ];
    let rows = reached.into_iter().map(|(share, seconds)| {
        let number = seconds.map(|seconds| seconds.to_string());
        vec![share, told(seconds), number.unwrap_or_default()]
    });
    Ok(Section {
        name: ENFORCEMENT.name,
        legend: Vec::new(),
        picture: look.draw(&chart, ENFORCEMENT.name, &title, &sentence),
        table: Table {
            head: head.map(|name| look.say(name)).to_vec(),
            rows: rows.collect(),
        },
        address: String::new(),
        half: true,
        title,
        sentence,
    })
}
