//! The report as a page, to read on a screen and to print. It holds no script and fetches nothing.

use super::{
    Provenance, Report,
    adoption::Day,
    chart, controls,
    evidence::{self, Enforced, Evidence},
    single_factor::Act,
};
use crate::audit::{replay::state::Machine, words};
use askama::Template;
use chrono::{DateTime, Utc};
use std::fmt::Write as _;

/// The page.
#[derive(Template)]
#[template(path = "report.html")]
pub struct Page<'a> {
    report: &'a Report,
    evidence: &'a Evidence,
    style: &'static str,
    own_style: &'static str,
    chart: String,
}

impl<'a> Page<'a> {
    /// Lays out a report.
    pub fn of(report: &'a Report) -> Self {
        let evidence = &report.evidence;
        let enforced = evidence.enforcement.as_ref();
        Self {
            report,
            evidence,
            style: include_str!("../../../assets/style.css"),
            own_style: include_str!("../../../assets/report.css"),
            chart: chart::draw(&evidence.days, enforced.map(|begun| begun.at.date_naive())),
        }
    }

    /// Acts and sign-ins under a single factor.
    fn under_a_single_factor(&self) -> usize {
        self.evidence.acts.offenders.len() + self.evidence.sign_ins_under_a_single_factor.len()
    }

    /// The acts under a single factor, as lists with their titles.
    fn listed_acts(&self) -> [(&'static str, &[Act]); 2] {
        let acts = &self.evidence.acts;
        [
            ("Under a single factor", &acts.offenders),
            ("Within a minute of enforcement", &acts.under_way),
        ]
    }

    /// The days on which the numbers changed, and the first and the last one.
    fn changes(&self) -> Vec<&Day> {
        let days = &self.evidence.days;
        let numbers = |day: &Day| (day.people, day.to_set_up);
        let changed = |index: usize, day: &Day| {
            let before = index.checked_sub(1).and_then(|index| days.get(index));
            let quiet = day.invited == 0 && day.set_up == 0;
            !quiet || index + 1 == days.len() || before.map(numbers) != Some(numbers(day))
        };
        let each = days.iter().enumerate();
        each.filter(|(index, day)| changed(*index, day))
            .map(|(_, day)| day)
            .collect()
    }

    /// What a reviewer types to see the same again.
    fn repeat(&self) -> String {
        let key = self
            .report
            .verification
            .as_ref()
            .and_then(|found| found.keys.first());
        let key = key.map_or("KEY", |key| &key.vkey);
        let (organization, period) = (self.evidence.organization_id, self.evidence.period);
        let (from, to) = (period.from, period.to);
        let source = match &self.report.source {
            Provenance::Export { file } => quoted(file),
            Provenance::Log => "DIR".to_owned(),
        };
        format!(
            "pawl audit verify {source} --key '{key}'\n\
             pawl audit report {source} --key '{key}' --organization {organization} \
             --from {from} --to {to} --output report.html"
        )
    }
}

/// A name as a shell takes it for one word, and as nothing else.
fn quoted(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._-+".contains(letter);
    if name.chars().all(is_plain) && !name.starts_with('-') {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}

/// How the record itself reads, as an export has it.
fn record(enforced: &Enforced) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("stream", &enforced.stream),
        ("revision", &enforced.revision.to_string()),
        ("event id", &enforced.event_id.to_string()),
        ("type", &"TwoFactorEnforced".to_owned()),
        ("metadata", &enforced.metadata),
        ("data", &enforced.data),
    ] {
        let _ = writeln!(text, "{name:<9} {value}");
    }
    text
}

fn time(at: &DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A time that may not have been.
#[expect(clippy::ref_option, reason = "templates pass everything by reference")]
fn since(at: &Option<DateTime<Utc>>) -> String {
    at.as_ref().map_or("–".to_owned(), time)
}

fn standing(machine: &Machine) -> &'static str {
    evidence::standing(machine.standing)
}

fn scopes(machine: &Machine) -> String {
    words::scopes(&machine.scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_no_command() {
        assert_eq!(quoted("acme-2026.ndjson"), "acme-2026.ndjson");
        assert_eq!(quoted("x; rm -r *"), "'x; rm -r *'");
        assert_eq!(quoted("it's $(id)"), r"'it'\''s $(id)'");
    }
}
