//! What became of those who were invited in the period.

use super::{
    super::super::{
        charts::{Fill, Row, Rows},
        figures::{percent, span},
    },
    section::{Figures, Look, Section, Table},
};
use crate::application::Failure;
use projections::analytics::invitations::DATASET;

/// What is counted, how it is called, how it is drawn, and whether it is shown where there is none.
const PARTS: [(&str, &str, Fill, bool); 6] = [
    ("sent", "analytics-sent", Fill::Pale, true),
    ("accepted", "analytics-accepted", Fill::Full, true),
    ("pending", "analytics-waiting", Fill::Hatched, true),
    ("expired", "analytics-link-expired", Fill::Crossed, true),
    ("revoked", "analytics-revoked", Fill::Dotted, false),
    ("erased", "analytics-erased", Fill::Dotted, false),
];
const MEDIAN: &str = "median_seconds_to_accept";

pub async fn section(look: &Look<'_>) -> Result<Section, Failure> {
    let title = "analytics-invitations";
    let rows = look.rows(&DATASET, look.between()).await?;
    let counts = PARTS.map(|(column, ..)| rows.iter().map(|row| row.count(column)).sum::<u64>());
    let [sent, accepted, ..] = counts;
    if sent == 0 {
        return Ok(look.nothing(DATASET.name, title, "analytics-invitations-nothing"));
    }
    let sentence = look.language.say("analytics-invitations-says");
    let mut sentence = sentence
        .count("count", &sent)
        .with("sent", look.number(sent))
        .with("accepted", look.number(accepted))
        .with("percent", percent(accepted, sent))
        .to_string();
    if let Some(seconds) = typical(&rows) {
        let within = look.language.say("analytics-invitations-within");
        let within = within.with("span", span(look.language, seconds));
        sentence = format!("{sentence} {within}");
    }
    let title = look.say(title);
    let shown = PARTS.iter().zip(counts);
    let shown = shown.filter(|((.., always), count)| *always || *count > 0);
    let chart = Rows {
        whole: sent,
        rows: shown
            .map(|((_, name, fill, _), count)| Row {
                title: look.say(name),
                count,
                says: format!("{} ({})", look.number(count), percent(count, sent)),
                fill: *fill,
            })
            .collect(),
    };
    Ok(Section {
        name: DATASET.name,
        legend: Vec::new(),
        picture: look.draw(&chart, DATASET.name, &title, &sentence),
        table: table(look, &rows),
        address: look.period.address(),
        half: false,
        title,
        sentence,
    })
}

/// The median of the days' medians, where each day counts as often as its invitations were accepted.
/// That of all of them together is in no dataset.
fn typical(rows: &[Figures]) -> Option<u64> {
    let medians = rows.iter();
    let medians = medians.filter_map(|row| Some((row.known(MEDIAN)?, row.count("accepted"))));
    let mut medians: Vec<_> = medians.collect();
    medians.sort_unstable();
    let all: u64 = medians.iter().map(|(_, accepted)| accepted).sum();
    let mut so_far = 0;
    let half = |(_, accepted): &&(u64, u64)| {
        so_far += accepted;
        so_far * 2 >= all
    };
    medians.iter().find(half).map(|(seconds, _)| *seconds)
}

fn table(look: &Look<'_>, rows: &[Figures]) -> Table {
    let names = PARTS.map(|(_, name, ..)| name);
    let head = ["day"].into_iter().chain(names);
    let head = head.chain(["analytics-median"]);
    let row = |row: &Figures| {
        let counts = PARTS.map(|(column, ..)| row.count(column).to_string());
        let median = row.known(MEDIAN).map(|seconds| seconds.to_string());
        let day = [row.text("day").to_owned()];
        let cells = day.into_iter().chain(counts);
        cells.chain([median.unwrap_or_default()]).collect()
    };
    Table {
        head: head.map(|name| look.say(name)).collect(),
        rows: rows.iter().map(row).collect(),
    }
}
