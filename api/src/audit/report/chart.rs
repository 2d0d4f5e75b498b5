//! The curve of people who can sign in, and of those who have still to set up an authenticator, as an
//! SVG picture that needs no script. It shows numbers and dates only.

use super::adoption::Day;
use chrono::NaiveDate;
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 28.0;

/// Draws the days; empty where there are none.
pub fn draw(days: &[Day], enforced: Option<NaiveDate>) -> String {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return String::new();
    };
    let top = ceiling(days.iter().map(|day| day.people).max().unwrap_or(0));
    let across = |index: usize| LEFT + (WIDTH - LEFT - RIGHT) * ratio(index, days.len());
    let up = |people: u64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * ratio(people, top);
    let area = |count: fn(&Day) -> u64| {
        let mut path = format!("M{:.1} {:.1}", across(0), up(0));
        for (index, day) in days.iter().enumerate() {
            let height = up(count(day));
            let (begin, end) = (across(index), across(index + 1));
            let _ = write!(path, "L{begin:.1} {height:.1}L{end:.1} {height:.1}");
        }
        let _ = write!(path, "L{:.1} {:.1}Z", across(days.len()), up(0));
        path
    };
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"People who can sign in, by day; the table below has the numbers\">"
    );
    for people in [0, top / 2, top] {
        let height = up(people);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {height:.1}H{:.1}\"/>\
             <text class=\"tick end\" x=\"{:.1}\" y=\"{:.1}\">{people}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            height + 4.0
        );
    }
    let _ = write!(
        svg,
        "<path class=\"to-set-up\" d=\"{}\"/><path class=\"with-device\" d=\"{}\"/>",
        area(|day| day.people),
        area(|day| day.people - day.to_set_up)
    );
    let since = enforced.filter(|date| (first.date..=last.date).contains(date));
    if let Some(index) = since.and_then(|date| days.iter().position(|day| day.date == date)) {
        let line = across(index);
        let (side, at) = if line < WIDTH / 2.0 {
            ("", line + 5.0)
        } else {
            (" end", line - 5.0)
        };
        let _ = write!(
            svg,
            "<path class=\"enforced\" d=\"M{line:.1} {TOP}V{:.1}\"/>\
             <text class=\"tick{side}\" x=\"{at:.1}\" y=\"12\">enforced</text>",
            HEIGHT - BOTTOM
        );
    }
    let _ = write!(
        svg,
        "<text class=\"tick\" x=\"{LEFT}\" y=\"{0}\">{1}</text>\
         <text class=\"tick end\" x=\"{2}\" y=\"{0}\">{3}</text></svg>",
        HEIGHT - 8.0,
        first.date,
        WIDTH - RIGHT,
        last.date
    );
    svg
}

/// The least of 2, 4, 6, 8 and 10 times a power of ten that is no less.
fn ceiling(people: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        let steps = [2, 4, 6, 8, 10].map(|step| power.saturating_mul(step));
        if let Some(enough) = steps.into_iter().find(|step| *step >= people) {
            return enough;
        }
        power = power.saturating_mul(10);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture has a thousand points across"
)]
fn ratio(part: impl TryInto<u64>, whole: impl TryInto<u64>) -> f64 {
    let number = |value: Option<u64>| value.unwrap_or(1) as f64;
    number(part.try_into().ok()) / number(whole.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32, people: u64, to_set_up: u64) -> Day {
        Day {
            date: NaiveDate::from_ymd_opt(2026, 3, number).unwrap(),
            people,
            to_set_up,
            invited: 0,
            set_up: 0,
        }
    }

    #[test]
    fn the_scale_holds_everybody() {
        for (people, top) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (9, 10),
            (11, 20),
            (61, 80),
            (999, 1_000),
        ] {
            assert_eq!(ceiling(people), top, "{people}");
        }
    }

    #[test]
    fn it_is_a_picture_with_its_ends_and_the_day_of_enforcement() {
        let days = [day(1, 1, 1), day(2, 4, 2), day(3, 10, 0)];
        let svg = draw(&days, Some(days[1].date));
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"));
        for shown in ["2026-03-01", "2026-03-03", ">enforced<", ">10<", ">5<"] {
            assert!(svg.contains(shown), "{shown} in {svg}");
        }
        assert!(!draw(&days, None).contains(">enforced<"));
        assert_eq!(draw(&[], None), "");
    }
}
