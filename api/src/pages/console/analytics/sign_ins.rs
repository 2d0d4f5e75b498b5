//! Sign-ins, by what was shown last and what came of it.

use super::{
    super::super::{charts::Fill, figures::percent},
    section::{Figures, Look, Section, total},
};
use crate::application::Failure;
use projections::analytics::sign_ins::DATASET;

/// From the bottom up.
const PARTS: [(Fill, &str); 4] = [
    (Fill::Full, "analytics-otp"),
    (Fill::Hatched, "analytics-password"),
    (Fill::Dotted, "analytics-recovery-code"),
    (Fill::Crossed, "analytics-not-accepted"),
];

fn add(sums: &mut [u64; 4], row: &Figures) {
    let [otp, password, recovery_code, not_accepted] = sums;
    let sum = match (row.text("outcome"), row.text("factor")) {
        ("signed_in", "otp") => otp,
        ("signed_in", "recovery_code") => recovery_code,
        ("signed_in", _) => password,
        _ => not_accepted,
    };
    *sum += row.count("attempts");
}

pub async fn section(look: &Look<'_>) -> Result<Section, Failure> {
    let title = "analytics-sign-ins";
    let sums = look.sums(&DATASET, "hour", add).await?;
    let counts = total(&sums);
    if counts == [0; 4] {
        return Ok(look.nothing(DATASET.name, title, "analytics-sign-ins-nothing"));
    }
    let [otp, password, recovery_code, not_accepted] = counts;
    let (second, all) = (otp + recovery_code, otp + recovery_code + password);
    let sentence = look.language.say("analytics-sign-ins-says");
    let sentence = sentence
        .count("count", &all)
        .with("all", look.number(all))
        .with("percent", percent(second, all))
        .count("wrong", &not_accepted)
        .with("refused", look.number(not_accepted));
    let (title, sentence) = (look.say(title), sentence.to_string());
    let chart = look.columns(PARTS, &sums, None);
    Ok(Section {
        name: DATASET.name,
        legend: look.legend(PARTS, counts),
        picture: look.draw(&chart, DATASET.name, &title, &sentence),
        table: look.table(PARTS.map(|(_, name)| name), &sums),
        address: look.period.address(),
        half: false,
        title,
        sentence,
    })
}
