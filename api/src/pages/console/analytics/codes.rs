//! Codes that were not accepted, and the accounts that they closed.

use super::{
    super::super::charts::Fill,
    section::{Figures, Look, Section, total},
};
use crate::application::Failure;
use projections::analytics::rejected_codes::DATASET;

/// From the bottom up.
const PARTS: [(Fill, &str); 4] = [
    (Fill::Crossed, "analytics-wrong"),
    (Fill::Pale, "analytics-reused"),
    (Fill::Hatched, "analytics-expired"),
    (Fill::Dotted, "analytics-recovery-codes"),
];
const LOCK_OUTS: &str = "analytics-lock-outs";

fn add(sums: &mut [u64; 5], row: &Figures) {
    let columns = ["wrong", "reused", "expired", "recovery_codes", "lock_outs"];
    for (sum, column) in sums.iter_mut().zip(columns) {
        *sum += row.count(column);
    }
}

pub async fn section(look: &Look<'_>) -> Result<Section, Failure> {
    let title = "analytics-rejected-codes";
    let sums = look.sums(&DATASET, "day", add).await?;
    let [wrong, reused, expired, recovery_codes, lock_outs] = total(&sums);
    let counts = [wrong, reused, expired, recovery_codes];
    let all: u64 = counts.iter().sum();
    if all == 0 {
        return Ok(look.nothing(DATASET.name, title, "analytics-rejected-codes-nothing"));
    }
    let sentence = look.language.say("analytics-rejected-codes-says");
    let sentence = sentence
        .count("count", &all)
        .with("all", look.number(all))
        .count("closed", &lock_outs)
        .with("accounts", look.number(lock_outs));
    let (title, sentence) = (look.say(title), sentence.to_string());
    let codes = sums.iter().map(|[a, b, c, d, _]| [*a, *b, *c, *d]);
    let marks: Vec<_> = sums.iter().map(|[.., marks]| *marks).collect();
    let name = look.say(LOCK_OUTS);
    let chart = look.columns(PARTS, &codes.collect::<Vec<_>>(), Some((&name, &marks)));
    let mut legend = look.legend(PARTS, counts);
    legend.extend(look.legend([(Fill::Triangle, LOCK_OUTS)], [lock_outs]));
    let [a, b, c, d] = PARTS.map(|(_, name)| name);
    Ok(Section {
        name: DATASET.name,
        legend,
        picture: look.draw(&chart, DATASET.name, &title, &sentence),
        table: look.table([a, b, c, d, LOCK_OUTS], &sums),
        address: look.period.address(),
        half: false,
        title,
        sentence,
    })
}
