//! How many authenticators people have, at present.

use super::{
    super::super::{
        charts::{Fill, Row, Rows},
        figures::percent,
    },
    section::{Look, Section, Table},
};
use crate::application::Failure;
use projections::analytics::people::DEVICES;
use std::collections::BTreeMap;

pub async fn section(look: &Look<'_>) -> Result<Section, Failure> {
    let title = "analytics-devices";
    let rows = look.rows(&DEVICES, [None, None]).await?;
    let counts: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (row.count("devices"), row.count("people")))
        .collect();
    let all: u64 = counts.values().sum();
    if all == 0 {
        return Ok(Section {
            half: true,
            ..look.nothing(DEVICES.name, title, "analytics-devices-nothing")
        });
    }
    let spare: u64 = counts.range(2..).map(|(_, people)| people).sum();
    let sentence = look.language.say("analytics-devices-says");
    let sentence = sentence
        .count("count", &spare)
        .with("people", look.number(spare))
        .with("percent", percent(spare, all));
    let (title, sentence) = (look.say(title), sentence.to_string());
    // Nobody with two is worth telling, as is nobody without.
    let mut shown = BTreeMap::from([(0, 0), (1, 0), (2, 0)]);
    shown.extend(counts.iter());
    let chart = Rows {
        whole: all,
        rows: shown
            .iter()
            .map(|(devices, people)| {
                let words = look.language.say("analytics-devices-each");
                Row {
                    title: words.count("count", devices).to_string(),
                    count: *people,
                    says: format!("{} ({})", look.number(*people), percent(*people, all)),
                    fill: if *devices == 0 {
                        Fill::Crossed
                    } else {
                        Fill::Full
                    },
                }
            })
            .collect(),
    };
    let rows = counts.iter();
    let rows = rows.map(|(devices, people)| vec![devices.to_string(), people.to_string()]);
    Ok(Section {
        name: DEVICES.name,
        legend: Vec::new(),
        picture: look.draw(&chart, DEVICES.name, &title, &sentence),
        table: Table {
            head: ["account-devices", "people"]
                .map(|name| look.say(name))
                .to_vec(),
            rows: rows.collect(),
        },
        address: String::new(),
        half: true,
        title,
        sentence,
    })
}
