//! The datasets as a document for analysts, `docs/analytics.md`. It is made from [`DATASETS`] and says
//! nothing of its own about any of them.

use super::{DATASETS, Dataset};
use std::fmt::{self, Write as _};

/// The longest line, save where a single word is longer.
const WIDTH: usize = 110;

const HEAD: &str = "# Analytics

Written by `cargo run -- datasets > docs/analytics.md` from the descriptions by which the datasets are read
(`projections/src/analytics/`).

Each dataset is a view in `projections.db`, the file of the read models in the data directory. Tools may
read the file while the server runs, but not write it. The views keep their names, and their columns
keep theirs, their meanings and their order; new columns may come behind them. The tables beneath them may
change with any version of Pawl.

- **Time** is in UTC. A day is text (`2026-11-26`), an hour is text by its beginning
  (`2026-11-26T13:00:00Z`); as text, both sort as they follow each other.
- **Counts and seconds** are whole numbers. Where there is nothing to count, there is no row.
- **Late events.** Each node has a clock of its own, so an event may be recorded with an earlier time than
  the one before it in the log. It counts at its own time, however late it comes: the last days and hours
  may still grow by as much as the clocks differ. What is counted by the order of the log says so.
- **How fresh.** A view shows what its read model has seen, usually some milliseconds after it happened;
  `pawl projections status` says how far each has come. A read model that is built again shows what it
  showed before.
- **Nobody is in it.** No view has a name, an address or an id of a person. In a small organization a count
  of 1 can still say who it was: share it with those who may know.

```sh
sqlite3 -readonly -header -column pawl-data/projections.db 'SELECT * FROM analytics_adoption'
duckdb -c \"ATTACH 'pawl-data/projections.db' AS pawl (TYPE sqlite, READ_ONLY);
           SELECT * FROM pawl.analytics_adoption\"
```
";

/// How datasets are read over HTTP and in the console; `tests/scenarios` (`analytics`) does it.
const OVER_HTTP: &str = include_str!("over_http.md");

/// How tools of others read the views and the exported files; `tests/analytics` does it.
const TOOLS: &str = include_str!("tools.md");

/// The document, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    // Writing to a string does not fail.
    let _ = write_all(&mut text);
    text
}

fn write_all(text: &mut String) -> fmt::Result {
    writeln!(text, "\n| view | what it shows |\n|---|---|")?;
    for dataset in DATASETS {
        let (view, title) = (dataset.view(), dataset.title);
        writeln!(text, "| [`{view}`](#{view}) | {title} |")?;
    }
    write!(text, "\n{OVER_HTTP}")?;
    DATASETS
        .iter()
        .try_for_each(|dataset| describe(text, dataset))?;
    write!(text, "\n{TOOLS}")
}

fn describe(text: &mut String, dataset: &Dataset) -> fmt::Result {
    let view = dataset.view();
    writeln!(text, "\n## {view}\n")?;
    let says = format!("**{}.** {}", dataset.title, dataset.says);
    for paragraph in says.split("\n\n") {
        writeln!(text, "{}\n", wrapped(paragraph))?;
    }
    writeln!(text, "| column | kind | what it means |\n|---|---|---|")?;
    for column in dataset.columns {
        let (name, kind) = (column.name, column.kind.says());
        writeln!(text, "| `{name}` | {kind} | {} |", column.says)?;
    }
    let columns: Vec<_> = dataset
        .order
        .iter()
        .map(|column| format!("`{column}`"))
        .collect();
    let told_apart = format!(
        "No two rows have the same {}. Below are the rows of an organization in their order, and the view \
         itself, over the tables of the read model `{}`.",
        columns.join(", "),
        dataset.projection.name()
    );
    writeln!(text, "\n{}\n", wrapped(&told_apart))?;
    let mut rest = dataset
        .order
        .iter()
        .skip(1)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if !rest.is_empty() {
        rest.insert_str(0, " ORDER BY ");
    }
    writeln!(
        text,
        "```sql\nSELECT * FROM {view} WHERE organization_id = '...'{rest};\n\n\
         CREATE VIEW {view} AS\n{};\n```",
        unindented(dataset.sql)
    )
}

/// A paragraph in lines of a length that can be read.
fn wrapped(paragraph: &str) -> String {
    let mut lines = String::with_capacity(paragraph.len());
    let mut length = 0;
    for word in paragraph.split_whitespace() {
        let with_word = length + 1 + word.len();
        if length == 0 {
            length = word.len();
        } else if with_word > WIDTH {
            lines.push('\n');
            length = word.len();
        } else {
            lines.push(' ');
            length = with_word;
        }
        lines.push_str(word);
    }
    lines
}

/// The query without the indentation that it has among Rust.
fn unindented(sql: &str) -> String {
    let lines = sql.lines();
    let lines = lines.map(|line| line.strip_prefix("          ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_is_up_to_date() {
        assert!(
            super::markdown() == include_str!("../../../docs/analytics.md"),
            "the datasets have changed; write it anew: cargo run -- datasets > docs/analytics.md"
        );
    }
}
