//! How a second factor spreads.

use super::{
    super::super::{
        charts::{Curve, Fill, Point},
        figures::percent,
    },
    section::{Figures, Look, Section, Table},
};
use crate::application::Failure;
use projections::analytics::people::{ADOPTION, ENFORCEMENT};

const COLUMNS: [&str; 3] = ["people", "with_device", "pending"];
/// In the same order; those that are drawn behind the others come first.
const PARTS: [(Fill, &str); 3] = [
    (Fill::Pale, "analytics-people"),
    (Fill::Full, "analytics-with-device"),
    (Fill::Dashed, "analytics-pending"),
];

pub async fn section(look: &Look<'_>) -> Result<Section, Failure> {
    let title = "analytics-adoption";
    // What there was before the period lasts into it.
    let rows = look
        .rows(&ADOPTION, [None, Some(look.period.end())])
        .await?;
    let points = points(look, &rows);
    let [people, with_device, pending] = points.last().map_or([0; 3], |(_, counts)| *counts);
    if points.iter().all(|(_, counts)| *counts == [0; 3]) {
        return Ok(look.nothing(ADOPTION.name, title, "analytics-adoption-nothing"));
    }
    let sentence = look.language.say("analytics-adoption-says");
    let sentence = sentence
        .with("percent", percent(with_device, people))
        .with("people", look.number(people))
        .with("set", look.number(with_device));
    let (title, sentence) = (look.say(title), sentence.to_string());
    let enforced = look.rows(&ENFORCEMENT, [None, None]).await?;
    let enforced = enforced.first().and_then(|row| row.day("enforced_at"));
    let chart = Curve {
        days: look.period.days,
        fills: PARTS.map(|(fill, _)| fill).to_vec(),
        points: points.iter().map(|(point, _)| point.clone()).collect(),
        event: enforced.map(|day| (day, look.say("home-curve-enforced"))),
    };
    Ok(Section {
        name: ADOPTION.name,
        legend: look.legend(PARTS, [people, with_device, pending]),
        picture: look.draw(&chart, ADOPTION.name, &title, &sentence),
        table: table(look, &points),
        address: look.period.address(),
        half: false,
        title,
        sentence,
    })
}

/// The first day of the period, and each on which something changed.
fn points(look: &Look<'_>, rows: &[Figures]) -> Vec<(Point, [u64; 3])> {
    let first = look.period.days.first();
    let point = |day, counts: [u64; 3]| {
        let point = Point {
            day,
            counts: counts.to_vec(),
        };
        (point, counts)
    };
    let mut points = vec![point(first, [0; 3])];
    for row in rows {
        let Some(day) = row.day("day") else { continue };
        let counts = COLUMNS.map(|column| row.count(column));
        if day <= first {
            points = vec![point(first, counts)];
        } else {
            points.push(point(day, counts));
        }
    }
    points
}

fn table(look: &Look<'_>, points: &[(Point, [u64; 3])]) -> Table {
    let head = ["day"].into_iter().chain(PARTS.map(|(_, name)| name));
    let mut points = points.iter().peekable();
    // That there was nobody on the first day is no change.
    points.next_if(|(_, counts)| *counts == [0; 3]);
    let row = |(point, counts): &(Point, [u64; 3])| {
        let counts = counts.iter().map(u64::to_string);
        [point.day.to_string()].into_iter().chain(counts).collect()
    };
    Table {
        head: head.map(|name| look.say(name)).collect(),
        rows: points.map(row).collect(),
    }
}
