//! Filters of the whole log: by stream or type, by prefixes or a regular expression.

use crate::{
    proto::streams::read_req::options::{
        FilterOptions,
        filter_options::{self, Expression, Window},
    },
    refusal::invalid,
};
use eventstore_schema::RecordedEvent;
use fancy_regex::{Regex, RegexBuilder};
use tonic::Status;

/// Bytes of a regular expression at most.
const EXPRESSION_LIMIT: usize = 4096;
/// Steps back that matching one name may take, so that no expression keeps the server busy.
const STEPS_BACK: usize = 100_000;
/// Events between two checkpoints where the caller does not say.
const WINDOW: u64 = 32;

/// Which events pass.
pub(super) struct Filter {
    on: Name,
    test: Test,
    /// Events to look at between two checkpoints of a subscription.
    pub(super) interval: u64,
}

#[derive(Clone, Copy)]
enum Name {
    Stream,
    Type,
}

enum Test {
    Prefixes(Vec<String>),
    /// Clients exclude by looking ahead, which not every kind of regular expression can.
    Expression(Box<Regex>),
}

impl Filter {
    pub(super) fn from_options(
        options: &FilterOptions,
        is_subscription: bool,
    ) -> Result<Self, Status> {
        let (on, expression) = match &options.filter {
            Some(filter_options::Filter::StreamIdentifier(expression)) => {
                (Name::Stream, expression)
            }
            Some(filter_options::Filter::EventType(expression)) => (Name::Type, expression),
            None => return Err(invalid("a filter is on streams or on types")),
        };
        let window = match options.window {
            Some(Window::Max(max)) => max.into(),
            Some(Window::Count(_)) | None => WINDOW,
        };
        let interval = window * u64::from(options.checkpoint_interval_multiplier);
        if is_subscription && interval == 0 {
            return Err(invalid("checkpoints need at least one event between them"));
        }
        Ok(Self {
            on,
            test: Test::from_expression(expression)?,
            interval,
        })
    }

    pub(super) fn passes(&self, event: &RecordedEvent) -> Result<bool, Status> {
        let name = match self.on {
            Name::Stream => event.stream.as_str(),
            Name::Type => &event.event_type,
        };
        match &self.test {
            Test::Prefixes(prefixes) => Ok(prefixes.iter().any(|prefix| name.starts_with(prefix))),
            Test::Expression(expression) => expression
                .is_match(name)
                .map_err(|error| invalid(format!("the regular expression is too slow: {error}"))),
        }
    }
}

impl Test {
    fn from_expression(expression: &Expression) -> Result<Self, Status> {
        if !expression.prefix.is_empty() && expression.regex.is_empty() {
            return Ok(Self::Prefixes(expression.prefix.clone()));
        }
        if expression.regex.len() > EXPRESSION_LIMIT {
            return Err(invalid(format!(
                "a regular expression of more than {EXPRESSION_LIMIT} bytes is not accepted"
            )));
        }
        RegexBuilder::new(&expression.regex)
            .backtrack_limit(STEPS_BACK)
            .build()
            .map(|regex| Self::Expression(Box::new(regex)))
            .map_err(|error| invalid(format!("the regular expression cannot be read: {error}")))
    }
}
