//! What a read asks for: the request's options, checked and in our own words.

use super::{convert::stream_name, filter::Filter};
use crate::{
    proto::streams::{
        ReadReq,
        read_req::{
            Options,
            options::{
                CountOption, FilterOption, ReadDirection, StreamOption, all_options::AllOption,
                stream_options::RevisionOption, uuid_option::Content,
            },
        },
    },
    refusal::invalid,
};
use eventstore::Direction;
use eventstore_schema::StreamName;
use tonic::Status;

/// A read or a subscription.
pub(super) struct Reading {
    pub(super) source: Source,
    pub(super) extent: Extent,
    pub(super) ids: IdForm,
    /// Whether a read of a stream also says where the stream ends.
    pub(super) says_end: bool,
}

/// What is read.
pub(super) enum Source {
    Stream {
        name: StreamName,
        begin: Begin,
    },
    All {
        begin: Begin,
        filter: Option<Filter>,
    },
}

/// Where it begins: a revision in a stream, a position in the whole log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    Start,
    End,
    At(u64),
}

/// How much of it.
#[derive(Clone, Copy)]
pub(super) enum Extent {
    Page { direction: Direction, count: u64 },
    Subscription,
}

/// How event ids are written.
#[derive(Clone, Copy)]
pub(super) enum IdForm {
    Structured,
    Text,
}

impl Begin {
    /// As a number; the ends are numbers too.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Start => 0,
            Self::End => u64::MAX,
            Self::At(number) => number,
        }
    }
}

impl Reading {
    pub(super) fn from_request(request: ReadReq) -> Result<Self, Status> {
        let options = request
            .options
            .ok_or_else(|| invalid("a read needs options"))?;
        let extent = extent(&options)?;
        let ids = match options.uuid_option.and_then(|option| option.content) {
            Some(Content::String(_)) => IdForm::Text,
            _ => IdForm::Structured,
        };
        let filter = match &options.filter_option {
            Some(FilterOption::Filter(filter)) => Some(Filter::from_options(
                filter,
                matches!(extent, Extent::Subscription),
            )?),
            _ => None,
        };
        let source = match options.stream_option {
            Some(StreamOption::Stream(_)) if filter.is_some() => {
                return Err(invalid("only the whole log can be filtered, not a stream"));
            }
            Some(StreamOption::Stream(stream)) => Source::Stream {
                name: stream_name(stream.stream_identifier)?,
                begin: match stream.revision_option {
                    Some(RevisionOption::Revision(revision)) => Begin::At(revision),
                    Some(RevisionOption::Start(_)) => Begin::Start,
                    Some(RevisionOption::End(_)) => Begin::End,
                    None => return Err(invalid("a read needs a revision to begin at")),
                },
            },
            Some(StreamOption::All(all)) => Source::All {
                begin: match all.all_option {
                    Some(AllOption::Position(position)) => Begin::At(position.commit_position),
                    Some(AllOption::Start(_)) => Begin::Start,
                    Some(AllOption::End(_)) => Begin::End,
                    None => return Err(invalid("a read needs a position to begin at")),
                },
                filter,
            },
            None => return Err(invalid("a read needs a stream, or the whole log")),
        };
        Ok(Self {
            source,
            extent,
            ids,
            says_end: options.control_option.is_some_and(|o| o.compatibility >= 1),
        })
    }
}

fn extent(options: &Options) -> Result<Extent, Status> {
    let direction = match ReadDirection::try_from(options.read_direction) {
        Ok(ReadDirection::Forwards) => Direction::Forwards,
        Ok(ReadDirection::Backwards) => Direction::Backwards,
        Err(_) => return Err(invalid("a read goes forwards or backwards")),
    };
    match (&options.count_option, direction) {
        (Some(CountOption::Count(count)), direction) => Ok(Extent::Page {
            direction,
            count: *count,
        }),
        (Some(CountOption::Subscription(_)), Direction::Forwards) => Ok(Extent::Subscription),
        (Some(CountOption::Subscription(_)), Direction::Backwards) => {
            Err(invalid("a subscription goes forwards"))
        }
        (None, _) => Err(invalid("a read needs a count, or to be a subscription")),
    }
}
