//! A whole dataset as one file, sent piece by piece: however long it is, little of it is in memory, and
//! whoever reads it slowly holds no read of the database open. Where something is wrong the file is cut
//! off, never ended as if whole.

use super::{RowView, shown};
use crate::{
    application::{Bearer, Failure, Pawl},
    csv_row::{harmless, row},
};
use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse as _, Response},
};
use domain::{Permission, Rejection};
use futures::stream;
use projections::analytics::{self, Dataset, Question, Value};

/// Rows of a piece.
const PIECE: u32 = 1_000;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values, with a row of names at the head.
    Csv,
    /// A page of the API with all rows on it.
    Json,
}

impl Form {
    /// How names of files in this form end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }

    fn head(self, dataset: &'static Dataset) -> String {
        let names = shown(dataset).iter().map(|column| column.name);
        match self {
            Self::Csv => row(&names.collect::<Vec<_>>()),
            Self::Json => "{\"items\":[".to_owned(),
        }
    }

    fn line(self, values: RowView, first: bool) -> Result<String, Failure> {
        Ok(match self {
            Self::Csv => row(&values.0.values.into_iter().map(cell).collect::<Vec<_>>()),
            Self::Json => {
                let json = serde_json::to_string(&values).map_err(Failure::internal)?;
                let between = if first { "\n" } else { ",\n" };
                format!("{between}{json}")
            }
        })
    }

    fn foot(self) -> &'static str {
        match self {
            Self::Csv => "",
            Self::Json => "\n],\"next\":null}\n",
        }
    }
}

fn cell(value: Value) -> String {
    match value {
        Value::Nothing => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => harmless(text),
    }
}

/// The file. Whoever reads it slowly is asked for the right again, by this token.
pub async fn document(
    pawl: Pawl,
    token: Bearer,
    form: Form,
    dataset: &'static Dataset,
    question: Question,
) -> Result<Response, Failure> {
    let mut pieces = Pieces {
        pawl,
        token,
        form,
        dataset,
        question,
        rest: Rest::All,
    };
    // What cannot be read at all is answered with the problem, not with a file that is cut off.
    let first = form.head(dataset) + &pieces.read().await?;
    let rest = stream::try_unfold(pieces, Pieces::next);
    let first = stream::once(async { Ok(Bytes::from(first)) });
    let body = Body::from_stream(stream::StreamExt::chain(first, rest));
    let (name, extension) = (dataset.name, form.extension());
    let file = format!("attachment; filename=\"analytics-{name}.{extension}\"");
    let headers = [
        (header::CONTENT_TYPE, form.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// What has not been read yet.
enum Rest {
    All,
    After(Vec<Value>),
    Nothing,
}

/// A file on its way.
struct Pieces {
    pawl: Pawl,
    token: Bearer,
    form: Form,
    dataset: &'static Dataset,
    question: Question,
    rest: Rest,
}

impl Pieces {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        if matches!(self.rest, Rest::Nothing) {
            return Ok(None);
        }
        let dataset = self.dataset.name;
        let read = self.read().await.inspect_err(|error| {
            tracing::error!(%error, dataset, "a file of analytics was cut off");
        });
        Ok(Some((read?.into(), self)))
    }

    /// The next rows, and what ends the file behind the last.
    async fn read(&mut self) -> Result<String, Failure> {
        let (first, after) = match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::All => (true, None),
            Rest::After(key) => (false, Some(key)),
            Rest::Nothing => return Ok(String::new()),
        };
        let organization = self.question.organization_id.ok_or(Rejection::NotFound)?;
        let by = self.pawl.mandate_of_watcher(&self.token).await?;
        by.permit(Permission::ReadAnalytics, organization)?;
        let (dataset, question) = (self.dataset, self.question.clone());
        let page = self
            .pawl
            .query(dataset.projection, move |readers| {
                analytics::page(readers, dataset, &question, after.as_deref(), PIECE)
            })
            .await?;
        let mut piece = String::new();
        for (index, values) in page.items.into_iter().enumerate() {
            let values = RowView::of(dataset, values);
            piece += &self.form.line(values, first && index == 0)?;
        }
        match page.next {
            Some(key) => self.rest = Rest::After(key),
            None => piece += self.form.foot(),
        }
        Ok(piece)
    }
}
