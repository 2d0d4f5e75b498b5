//! What every part of the page is made of: a sentence, a picture, a legend, and a table with the same
//! figures; and how a part reads its dataset.

use super::{
    super::super::{
        charts::{self, Chart, Column, Columns, Fill, Said},
        figures::{day_and_month, number},
        words::Language,
    },
    period::Period,
};
use crate::application::{Failure, Pawl};
use chrono::{DateTime, NaiveDate, Utc};
use eventstore_schema::OrganizationId;
use projections::analytics::{self, Dataset, Question, Value};
use std::ops::ControlFlow;

/// Who looks at what.
pub struct Look<'a> {
    pub pawl: &'a Pawl,
    pub language: Language,
    pub organization: OrganizationId,
    pub period: Period,
    pub now: DateTime<Utc>,
}

/// A part of the page.
pub struct Section {
    /// The name of its dataset, by which it is found on the page.
    pub name: &'static str,
    pub title: String,
    /// What matters in it.
    pub sentence: String,
    pub legend: Vec<Key>,
    /// The pictures, as SVG; empty where there is nothing to see.
    pub picture: String,
    pub table: Table,
    /// Which part of the dataset its files have.
    pub address: String,
    /// Whether there is room for another beside it.
    pub half: bool,
}

/// A line of a legend.
pub struct Key {
    /// What the part looks like, as SVG.
    pub swatch: String,
    pub words: String,
}

/// The figures.
#[derive(Default)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// A row of a dataset.
pub struct Figures {
    dataset: &'static Dataset,
    values: Vec<Value>,
}

impl Figures {
    fn value(&self, column: &str) -> Option<&Value> {
        self.values.get(self.dataset.index_of(column)?)
    }

    /// What is in a column that may have nothing.
    pub fn known(&self, column: &str) -> Option<u64> {
        match self.value(column)? {
            Value::Number(number) => u64::try_from(*number).ok(),
            Value::Nothing | Value::Text(_) => None,
        }
    }

    /// What is in a column of counts.
    pub fn count(&self, column: &str) -> u64 {
        self.known(column).unwrap_or(0)
    }

    /// What is in a column of text.
    pub fn text(&self, column: &str) -> &str {
        match self.value(column) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// The day in a column of days or times, which begin with their day.
    pub fn day(&self, column: &str) -> Option<NaiveDate> {
        self.text(column).get(..10)?.parse().ok()
    }
}

impl Look<'_> {
    /// Takes in each row of a dataset between two days, in order. However many there are, one is in
    /// memory at a time.
    pub async fn fold<T: Send + 'static>(
        &self,
        dataset: &'static Dataset,
        [from, until]: [Option<NaiveDate>; 2],
        mut sum: T,
        take: impl Fn(&mut T, Figures) + Send + 'static,
    ) -> Result<T, Failure> {
        let question = Question {
            organization_id: Some(self.organization),
            from,
            until,
            now: self.now,
        };
        self.pawl
            .query(dataset.projection, move |readers| {
                analytics::each(readers, dataset, &question, |values| {
                    take(&mut sum, Figures { dataset, values });
                    ControlFlow::Continue(())
                })?;
                Ok(sum)
            })
            .await
    }

    /// The rows of a dataset between two days, of which there are few.
    pub async fn rows(
        &self,
        dataset: &'static Dataset,
        between: [Option<NaiveDate>; 2],
    ) -> Result<Vec<Figures>, Failure> {
        self.fold(dataset, between, Vec::new(), Vec::push).await
    }

    /// From the first day of the period until the one behind it.
    pub fn between(&self) -> [Option<NaiveDate>; 2] {
        [Some(self.period.days.first()), Some(self.period.end())]
    }

    /// Sums for each column of a chart, by what a row adds to those of its day.
    pub async fn sums<const N: usize>(
        &self,
        dataset: &'static Dataset,
        column: &'static str,
        add: fn(&mut [u64; N], &Figures),
    ) -> Result<Vec<[u64; N]>, Failure> {
        let buckets = self.period.buckets();
        let none = vec![[0; N]; buckets.len()];
        self.fold(dataset, self.between(), none, move |sums, row| {
            let Some(day) = row.day(column) else { return };
            let index = buckets.partition_point(|(_, last)| *last < day);
            if let Some(sums) = sums.get_mut(index) {
                add(sums, &row);
            }
        })
        .await
    }

    /// The sentence of this name.
    pub fn say(&self, name: &str) -> String {
        self.language.say(name).to_string()
    }

    /// A count, as it is written.
    pub fn number(&self, count: u64) -> String {
        number(self.language, count)
    }

    /// A legend, with how many there are of each part.
    pub fn legend<const N: usize>(&self, parts: [(Fill, &str); N], counts: [u64; N]) -> Vec<Key> {
        let keys = parts.iter().zip(counts).map(|((fill, name), count)| Key {
            swatch: fill.key(),
            words: format!("{}: {}", self.say(name), self.number(count)),
        });
        keys.collect()
    }

    /// The pictures of a part.
    pub fn draw(&self, chart: &dyn Chart, name: &str, title: &str, sentence: &str) -> String {
        let said = Said {
            id: name.to_owned(),
            title: title.to_owned(),
            description: sentence.to_owned(),
        };
        charts::draw(chart, &said, &self.language)
    }

    /// The columns of these sums. Each part goes by a name, by which it is told to who points at one.
    pub fn columns<const N: usize>(
        &self,
        parts: [(Fill, &str); N],
        sums: &[[u64; N]],
        marks: Option<(&str, &[u64])>,
    ) -> Columns {
        let names = parts.map(|(_, name)| self.say(name));
        let buckets = self.period.buckets().into_iter().enumerate();
        let column = |(index, (first, last)): (usize, (NaiveDate, NaiveDate))| {
            let sums = sums.get(index).copied().unwrap_or([0; N]);
            let mark = marks.map_or(0, |(_, marks)| marks.get(index).copied().unwrap_or(0));
            let told = names.iter().map(String::as_str).zip(sums);
            let told = told.chain(marks.map(|(name, _)| (name, mark)));
            let told = told.filter(|(_, count)| *count > 0);
            let told = told.map(|(name, count)| format!("{name}: {}", self.number(count)));
            let told = told.collect::<Vec<_>>().join(" · ");
            let mut when = day_and_month(self.language, first);
            if first != last {
                when = format!("{when} – {}", day_and_month(self.language, last));
            }
            Column {
                first,
                last,
                parts: sums.to_vec(),
                marked: mark > 0,
                says: format!("{when} · {told}"),
            }
        };
        Columns {
            days: self.period.days,
            fills: parts.map(|(fill, _)| fill).to_vec(),
            bars: buckets.map(column).collect(),
        }
    }

    /// The table of these sums, without the rows in which there is nothing.
    pub fn table<const N: usize>(&self, names: [&str; N], sums: &[[u64; N]]) -> Table {
        let buckets = self.period.buckets();
        let by_day = buckets.iter().all(|(first, last)| first == last);
        let when = if by_day { "day" } else { "analytics-days" };
        let head = [when].into_iter().chain(names);
        let rows = buckets.iter().zip(sums);
        let rows = rows.filter(|(_, sums)| sums.iter().any(|sum| *sum > 0));
        let row = |((first, last), sums): (&(NaiveDate, NaiveDate), &[u64; N])| {
            let when = if first == last {
                first.to_string()
            } else {
                format!("{first} – {last}")
            };
            let counts = sums.iter().map(u64::to_string);
            [when].into_iter().chain(counts).collect()
        };
        Table {
            head: head.map(|name| self.say(name)).collect(),
            rows: rows.map(row).collect(),
        }
    }

    /// A part of the page in which there is nothing to see, and why.
    pub fn nothing(&self, name: &'static str, title: &str, why: &str) -> Section {
        Section {
            name,
            title: self.say(title),
            sentence: self.say(why),
            legend: Vec::new(),
            picture: String::new(),
            table: Table::default(),
            address: String::new(),
            half: false,
        }
    }
}

/// The sums of all columns.
pub fn total<const N: usize>(sums: &[[u64; N]]) -> [u64; N] {
    let mut total = [0; N];
    for sums in sums {
        for (total, sum) in total.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    total
}
