//! Numbers, days and spans of time, as readers of a language write them.

use super::{
    charts::{Grain, Script, Tick},
    words::Language,
};
use chrono::{Datelike, NaiveDate};

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
    "month-9", "month-10", "month-11", "month-12",
];

fn month(language: Language, day: NaiveDate) -> String {
    let month = usize::try_from(day.month0()).ok();
    let name = month.and_then(|month| MONTHS.get(month));
    name.map(|name| language.say(name).to_string())
        .unwrap_or_default()
}

impl Script for Language {
    fn count(&self, count: u64) -> String {
        number(*self, count)
    }

    fn tick(&self, tick: Tick) -> String {
        match tick.grain {
            Grain::Day => day_and_month(*self, tick.day),
            Grain::Month => month(*self, tick.day),
            Grain::Year => tick.day.year().to_string(),
        }
    }
}

/// A whole number, in groups of three digits.
pub fn number(language: Language, number: u64) -> String {
    let digits = number.to_string();
    let separator = match language {
        Language::English => ',',
        Language::German => '.',
    };
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// So many of a hundred, never more than there are.
pub fn percent(part: u64, whole: u64) -> String {
    let percent = u128::from(part) * 100 / u128::from(whole.max(1));
    format!("{percent}\u{a0}%")
}

/// A day without its year.
pub fn day_and_month(language: Language, day: NaiveDate) -> String {
    let sentence = language.say("day-and-month").with("day", day.day());
    sentence.with("month", month(language, day)).to_string()
}

/// A span of time, in its two largest units.
pub fn span(language: Language, seconds: u64) -> String {
    let units = [
        ("span-days", seconds / 86_400),
        ("span-hours", seconds / 3_600 % 24),
        ("span-minutes", seconds / 60 % 60),
        ("span-seconds", seconds % 60),
    ];
    let begin = units.iter().position(|(_, count)| *count > 0).unwrap_or(3);
    let told = units.iter().skip(begin).take(2);
    let told = told.filter(|(name, count)| *count > 0 || *name == "span-seconds" && begin == 3);
    let words = told.map(|(name, count)| language.say(name).count("count", count).to_string());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_each_language_does() {
        for (count, english, german) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1,000", "1.000"),
            (1_234_567, "1,234,567", "1.234.567"),
        ] {
            assert_eq!(number(Language::English, count), english);
            assert_eq!(number(Language::German, count), german);
        }
    }

    #[test]
    fn not_quite_everybody_is_not_a_hundred_percent() {
        assert_eq!(percent(999, 1_000), "99\u{a0}%");
        assert_eq!(percent(3, 3), "100\u{a0}%");
        assert_eq!(percent(0, 0), "0\u{a0}%");
    }

    #[test]
    fn spans_are_told_in_their_two_largest_units() {
        for (seconds, english, german) in [
            (0, "0 s", "0 s"),
            (59, "59 s", "59 s"),
            (61, "1 min 1 s", "1 min 1 s"),
            (3_600, "1 h", "1 h"),
            (86_400 + 3_700, "1 day 1 h", "1 Tag 1 h"),
            (10 * 86_400, "10 days", "10 Tage"),
        ] {
            assert_eq!(span(Language::English, seconds), english);
            assert_eq!(span(Language::German, seconds), german);
        }
    }

    #[test]
    fn days_are_written_as_each_language_does() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 5).unwrap();
        assert_eq!(day_and_month(Language::English, day), "5 Mar");
        assert_eq!(day_and_month(Language::German, day), "5. März");
    }
}
