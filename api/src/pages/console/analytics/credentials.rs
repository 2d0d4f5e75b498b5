//! On how many days of the period each API credential was in use.

use super::{
    super::super::charts::{Fill, Row, Rows},
    section::{Figures, Look, Section, Table},
};
use crate::application::Failure;
use projections::analytics::credential_use::DATASET;
use std::{cmp::Reverse, collections::BTreeMap};

/// More than these are not drawn; the table has all.
const DRAWN: usize = 12;

/// How a credential was used.
#[derive(Default)]
struct Use {
    name: String,
    days: u64,
    tokens: u64,
    events: u64,
}

fn add(uses: &mut BTreeMap<String, Use>, row: &Figures) {
    let id = row.text("api_credential_id").to_owned();
    let each = uses.entry(id).or_default();
    row.text("name").clone_into(&mut each.name);
    each.days += 1;
    each.tokens += row.count("tokens");
    each.events += row.count("events");
}

pub async fn section(look: &Look<'_>) -> Result<Section, Failure> {
    let title = "analytics-credential-use";
    let uses = look
        .fold(&DATASET, look.between(), BTreeMap::new(), |uses, row| {
            add(uses, &row);
        })
        .await?;
    let mut uses: Vec<_> = uses.into_values().collect();
    if uses.is_empty() {
        return Ok(look.nothing(DATASET.name, title, "analytics-credential-use-nothing"));
    }
    // The sort keeps those that are alike in their order.
    uses.sort_by_key(|each| (Reverse(each.days), each.name.clone()));
    let in_use = u64::try_from(uses.len()).unwrap_or(u64::MAX);
    let sum = |count: fn(&Use) -> u64| uses.iter().map(count).sum::<u64>();
    let (tokens, events) = (sum(|each| each.tokens), sum(|each| each.events));
    let sentence = look.language.say("analytics-credential-use-says");
    let sentence = sentence
        .count("count", &in_use)
        .with("used", look.number(in_use))
        .count("given", &tokens)
        .with("tokens", look.number(tokens))
        .count("caused", &events)
        .with("events", look.number(events));
    let (title, sentence) = (look.say(title), sentence.to_string());
    let chart = Rows {
        whole: look.period.days.count(),
        rows: uses
            .iter()
            .take(DRAWN)
            .map(|each| Row {
                title: each.name.clone(),
                count: each.days,
                says: days(look, each.days),
                fill: Fill::Full,
            })
            .collect(),
    };
    Ok(Section {
        name: DATASET.name,
        legend: Vec::new(),
        picture: look.draw(&chart, DATASET.name, &title, &sentence),
        table: table(look, uses),
        address: look.period.address(),
        half: false,
        title,
        sentence,
    })
}

fn days(look: &Look<'_>, days: u64) -> String {
    let sentence = look.language.say("analytics-credential-days");
    let sentence = sentence.count("count", &days);
    let sentence = sentence.with("days", look.number(days));
    sentence
        .with("all", look.number(look.period.days.count()))
        .to_string()
}

fn table(look: &Look<'_>, uses: Vec<Use>) -> Table {
    let head = [
        "analytics-credential",
        "analytics-days-in-use",
        "analytics-tokens",
        "analytics-events",
    ];
    let row = |each: Use| {
        let counts = [each.days, each.tokens, each.events].map(|count| count.to_string());
        [each.name].into_iter().chain(counts).collect()
    };
    Table {
        head: head.map(|name| look.say(name)).to_vec(),
        rows: uses.into_iter().map(row).collect(),
    }
}
