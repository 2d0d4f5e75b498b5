//! Whatever the numbers are, a chart is a picture: well formed, without gaps in its numbers, and with
//! everything inside.

use super::*;
use chrono::{Days as Later, NaiveDate};
use proptest::{collection::vec, prelude::*};

struct Plain;

impl Script for Plain {
    fn count(&self, count: u64) -> String {
        count.to_string()
    }

    fn tick(&self, tick: Tick) -> String {
        tick.day.to_string()
    }
}

fn said() -> Said {
    Said {
        id: "figure".into(),
        title: "<b>\"Title\" & more".into(),
        description: "What is seen".into(),
    }
}

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 30).unwrap()
}

fn columns(counts: &[Vec<u64>]) -> Columns {
    let day = |index: usize| first() + Later::new(index as u64);
    let column = |(index, parts): (usize, &Vec<u64>)| Column {
        first: day(index),
        last: day(index),
        parts: parts.clone(),
        marked: index % 3 == 1,
        says: "<script>".into(),
    };
    Columns {
        days: Days::new(first(), day(counts.len().max(1) - 1)),
        fills: vec![Fill::Full, Fill::Hatched, Fill::Dotted],
        bars: counts.iter().enumerate().map(column).collect(),
    }
}

fn curve(counts: &[Vec<u64>]) -> Curve {
    let day = |index: usize| first() + Later::new(index as u64);
    let point = |(index, counts): (usize, &Vec<u64>)| Point {
        day: day(index),
        counts: counts.clone(),
    };
    let last = day(counts.len().max(1) - 1);
    Curve {
        days: Days::new(first(), last),
        fills: vec![Fill::Pale, Fill::Full, Fill::Dashed],
        points: counts.iter().enumerate().map(point).collect(),
        event: Some((last, "2FA <enforced>".into())),
    }
}

fn rows(counts: &[Vec<u64>], title: &str) -> Rows {
    let row = |counts: &Vec<u64>| Row {
        title: title.into(),
        count: counts[0],
        says: counts[0].to_string(),
        fill: Fill::Full,
    };
    Rows {
        whole: 0,
        rows: counts.iter().map(row).collect(),
    }
}

/// The value of an attribute.
fn attribute(element: &str, name: &str) -> Option<f64> {
    let (_, value) = element.split_once(&format!(" {name}=\""))?;
    value[..value.find('"')?].parse().ok()
}

/// Every place in a picture is one, and inside.
fn holds(svg: &str) {
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
    let (_, view) = svg.split_once("viewBox=\"0 0 ").unwrap();
    let (width, height) = view[..view.find('"').unwrap()].split_once(' ').unwrap();
    let (width, height): (f64, f64) = (width.parse().unwrap(), height.parse().unwrap());
    let (mut open, mut closed) = (0, 0);
    for element in svg.split('<').skip(1) {
        closed += usize::from(element.starts_with('/') || element.contains("/>"));
        open += usize::from(!element.starts_with('/'));
        if element.starts_with("rect") {
            let [x, y, wide, high] =
                ["x", "y", "width", "height"].map(|name| attribute(element, name).unwrap());
            assert!(
                x >= 0.0 && y >= 0.0 && wide >= 0.0 && high >= 0.0,
                "{element}"
            );
            assert!(x + wide <= width + 0.2, "{element} in {width}");
            assert!(y + high <= height + 0.2, "{element} in {height}");
        }
        if let Some(path) = element.split(" d=\"").nth(1) {
            let path = &path[..path.find('"').unwrap()];
            let numbers = path.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
            for number in numbers.filter_map(|text| text.parse::<f64>().ok()) {
                assert!(number.abs() <= width.max(height), "{path}");
            }
        }
        if element.starts_with("text") {
            let (x, y) = (attribute(element, "x"), attribute(element, "y"));
            let (x, y) = (x.unwrap(), y.unwrap());
            assert!(
                (0.0..=width).contains(&x) && (0.0..=height).contains(&y),
                "{element}"
            );
        }
    }
    assert_eq!(open, closed, "{svg}");
}

fn both(chart: &dyn Chart) {
    let svg = draw(chart, &said(), &Plain);
    let pictures: Vec<_> = svg.split_inclusive("</svg>").collect();
    assert_eq!(pictures.len(), 2);
    pictures.into_iter().for_each(holds);
}

#[test]
fn a_column_is_as_high_as_its_count() {
    let chart = columns(&[vec![5, 5, 0], vec![0, 0, 0]]);
    let svg = draw(&chart, &said(), &Plain);
    // Between 24 and 230, where 10 is at the top.
    let bars: Vec<_> = svg.split("<rect class=\"full\"").collect();
    assert_eq!(bars.len(), 3, "one in each size");
    assert_eq!(attribute(bars[1], "y"), Some(127.0));
    assert_eq!(attribute(bars[1], "height"), Some(103.0));
    let bars: Vec<_> = svg.split("<rect class=\"hatched\"").collect();
    assert_eq!(attribute(bars[1], "y"), Some(24.0));
}

#[test]
fn a_curve_goes_in_steps_and_to_the_end_of_the_last_day() {
    let mut chart = curve(&[vec![2, 0, 0], vec![2, 1, 0], vec![4, 1, 0], vec![4, 1, 0]]);
    chart.event = None;
    let svg = draw(&chart, &said(), &Plain);
    assert!(
        svg.contains("<path class=\"pale-edge\" d=\"M22 127H406V24H790\"/>"),
        "{svg}"
    );
}

#[test]
fn a_million_people_a_day_alone_and_nobody_at_all_are_pictures() {
    for counts in [
        vec![],
        vec![vec![0, 0, 0]],
        vec![vec![1, 0, 0]],
        vec![vec![1_000_000, 999_999, 1]; 30],
        vec![vec![0, 0, 0]; 3_660],
        vec![vec![u64::MAX, u64::MAX, u64::MAX], vec![0, 1, 0]],
    ] {
        both(&columns(&counts));
        both(&curve(&counts));
        both(&rows(&counts, "Nightly export \u{6771}\u{4eac}"));
    }
}

proptest! {
    #[test]
    fn every_chart_is_a_picture(
        counts in vec(vec(prop_oneof![Just(0), 0_u64..5, 0..u64::MAX], 3), 0..120),
        title in "\\PC{0,60}",
    ) {
        both(&columns(&counts));
        both(&curve(&counts));
        both(&rows(&counts, &title));
    }
}
