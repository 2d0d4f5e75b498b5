//! Any sequence of operations, beside a model in memory that says what each must answer.

use crate::log::{
    Log, assert_conflict, assert_duplicate, events, given, ids, new_ids, new_streams,
};
use eventstore::{
    Appended, Direction,
    Direction::{Backwards, Forwards},
    ExpectedRevision,
};
use eventstore_schema::{NewEvent, Position, RecordedEvent, StreamName};
use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{TestError, TestRunner},
};
use tokio::runtime::Handle;

/// What happens to the log, in terms of what it holds by then.
#[derive(Clone, Debug)]
enum Operation {
    /// New events.
    Append(usize, Belief, usize),
    /// An append of before, as it was.
    Repeat(Index, Belief),
    /// An append of before, changed, to this stream.
    Reuse(Index, Change, usize),
    ReadStream(usize, u64, Direction, usize),
    /// From the position of an event, or beyond all.
    ReadAll(Option<Index>, Direction, usize),
}

#[derive(Clone, Copy, Debug)]
enum Belief {
    Any,
    NoStream,
    /// What is the case.
    Right,
    /// A guess.
    Exact(u64),
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Reversed,
    NewAtTheFront,
    NewAtTheEnd,
    /// None; only the stream may be another.
    Nothing,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    use Operation::{Append, ReadAll, ReadStream, Repeat, Reuse};
    let stream = 0..3_usize;
    let belief = || {
        prop_oneof![
            4 => Just(Belief::Right),
            2 => Just(Belief::Any),
            1 => Just(Belief::NoStream),
            2 => (0..8_u64).prop_map(Belief::Exact),
        ]
    };
    let change = prop_oneof![
        Just(Change::Reversed),
        Just(Change::NewAtTheFront),
        Just(Change::NewAtTheEnd),
        Just(Change::Nothing),
    ];
    let direction = || prop_oneof![Just(Forwards), Just(Backwards)];
    let from = prop_oneof![9 => 0..12_u64, 1 => Just(u64::MAX)];
    let operation = prop_oneof![
        6 => (stream.clone(), belief(), 1..4_usize).prop_map(|(s, b, n)| Append(s, b, n)),
        2 => (any::<Index>(), belief()).prop_map(|(i, b)| Repeat(i, b)),
        2 => (any::<Index>(), change, stream.clone()).prop_map(|(i, c, s)| Reuse(i, c, s)),
        3 => (stream, from, direction(), 0..6_usize)
            .prop_map(|(s, f, d, n)| ReadStream(s, f, d, n)),
        2 => (any::<Option<Index>>(), direction(), 0..6_usize)
            .prop_map(|(i, d, n)| ReadAll(i, d, n)),
    ];
    vec(operation, 1..25)
}

/// What the log must hold: each append with its answer, in order.
struct Model {
    streams: [StreamName; 3],
    appends: Vec<(StreamName, Vec<NewEvent>, Appended)>,
    /// All events, as they were read after their append.
    events: Vec<RecordedEvent>,
}

impl Model {
    fn of(&self, stream: &StreamName) -> Vec<RecordedEvent> {
        let events = self.events.iter();
        events.filter(|e| e.stream == *stream).cloned().collect()
    }

    fn expected(&self, stream: &StreamName, belief: Belief) -> ExpectedRevision {
        let next = self.of(stream).len() as u64;
        let at = |next: u64| next.checked_sub(1).map(ExpectedRevision::Exact);
        match belief {
            Belief::Any => ExpectedRevision::Any,
            Belief::NoStream => ExpectedRevision::NoStream,
            Belief::Right => at(next).unwrap_or(ExpectedRevision::NoStream),
            Belief::Exact(revision) => ExpectedRevision::Exact(revision),
        }
    }

    fn append_of_before(&self, index: Index) -> Option<&(StreamName, Vec<NewEvent>, Appended)> {
        (!self.appends.is_empty()).then(|| index.get(&self.appends))
    }

    async fn apply(&mut self, log: &Log, operation: Operation) {
        match operation {
            Operation::Append(stream, belief, count) => {
                let stream = self.streams[stream].clone();
                self.append(log, stream, belief, events(count)).await;
            }
            Operation::Repeat(index, belief) => {
                if let Some((stream, new, first)) = self.append_of_before(index) {
                    let expected = self.expected(stream, belief);
                    let again = log.append(stream, expected, new.clone()).await;
                    assert_eq!(again.unwrap(), *first);
                }
            }
            Operation::Reuse(index, change, stream) => {
                if let Some((of, old, first)) = self.append_of_before(index) {
                    let stream = &self.streams[stream];
                    if of != stream && !log.knows_all_ids {
                        return;
                    }
                    let (append, is_repeat) = changed(old, change);
                    let answer = log.append(stream, ExpectedRevision::Any, append).await;
                    if is_repeat && of == stream {
                        assert_eq!(answer.unwrap(), *first);
                    } else {
                        assert_duplicate(&answer, &new_ids(old));
                    }
                }
            }
            Operation::ReadStream(stream, from, direction, limit) => {
                let stream = &self.streams[stream];
                let page = log.read_stream(stream, from, direction, limit).await;
                let mut expected = self.of(stream);
                match direction {
                    Forwards => expected.retain(|event| event.revision >= from),
                    Backwards => {
                        expected.retain(|event| event.revision <= from);
                        expected.reverse();
                    }
                }
                expected.truncate(limit);
                assert_eq!(page.unwrap(), expected);
            }
            Operation::ReadAll(index, direction, limit) => {
                self.read_all(log, index, direction, limit).await;
            }
        }
    }

    async fn append(&mut self, log: &Log, stream: StreamName, belief: Belief, new: Vec<NewEvent>) {
        let expected = self.expected(&stream, belief);
        let next = self.of(&stream).len() as u64;
        let fits = match belief {
            Belief::Any | Belief::Right => true,
            Belief::NoStream => next == 0,
            Belief::Exact(revision) => revision + 1 == next,
        };
        let answer = log.append(&stream, expected, new.clone()).await;
        if !fits {
            assert_conflict(&answer, &stream, expected, next.checked_sub(1));
            return;
        }
        let appended = answer.unwrap();
        let read = log
            .read_stream(&stream, next, Forwards, new.len() + 1)
            .await;
        let read = read.unwrap();
        assert!(
            read.iter()
                .map(|event| event.revision)
                .eq(next..=appended.revision)
        );
        assert_eq!(read[new.len() - 1].position, appended.position);
        assert_eq!(read.iter().cloned().map(given).collect::<Vec<_>>(), new);
        self.events.extend(read);
        assert!(
            self.events
                .is_sorted_by(|one, next| one.position < next.position)
        );
        self.appends.push((stream, new, appended));
    }

    /// Others may have events between ours, which count for the limit: the page must be ours as far
    /// as it goes.
    async fn read_all(&self, log: &Log, index: Option<Index>, direction: Direction, limit: usize) {
        let from = match index.filter(|_| !self.events.is_empty()) {
            Some(index) => index.get(&self.events).position,
            None if direction == Forwards => log.begin,
            None => Position(u64::MAX),
        };
        let page = log.read_all(from, direction, limit).await.unwrap();
        assert!(page.len() <= limit);
        let Some(last) = page.last().map(|last| last.position) else {
            let left = self.events.iter().any(|event| match direction {
                Forwards => event.position > from,
                Backwards => event.position < from,
            });
            assert!(limit == 0 || !left);
            return;
        };
        let mut expected = self.events.clone();
        match direction {
            Forwards => expected.retain(|e| e.position > from && e.position <= last),
            Backwards => {
                expected.retain(|e| e.position < from && e.position >= last);
                expected.reverse();
            }
        }
        let ours = page
            .into_iter()
            .filter(|e| self.streams.contains(&e.stream));
        assert_eq!(ours.collect::<Vec<_>>(), expected);
    }

    /// In the end, everything is there, from wherever one looks.
    async fn compare(&self, log: &Log) {
        for stream in &self.streams {
            assert_eq!(log.whole(stream).await, self.of(stream));
        }
        let Some(last) = self.events.last() else {
            return;
        };
        let mut follower = log.follow(log.begin, &self.streams);
        let live = follower.until(last.id).await;
        assert_eq!(ids(&live), ids(&self.events));
        assert_eq!(log.all(&self.streams).await, self.events);
    }
}

/// The events of an append, changed, and whether they are still the same.
fn changed(old: &[NewEvent], change: Change) -> (Vec<NewEvent>, bool) {
    let mut append = old.to_vec();
    match change {
        Change::Reversed => append.reverse(),
        Change::NewAtTheFront => append.splice(..0, events(1)).for_each(drop),
        Change::NewAtTheEnd => append.extend(events(1)),
        Change::Nothing => {}
    }
    let same = new_ids(&append) == new_ids(old);
    (append, same)
}

pub(crate) async fn any_sequence_of_operations_does_what_the_model_says(log: &Log) {
    let config = ProptestConfig {
        cases: 40,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    // Proptest is not asynchronous; it has this thread to itself meanwhile.
    let outcome = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&operations(), |operations| {
            Handle::current().block_on(async {
                let mut model = Model {
                    streams: new_streams(),
                    appends: Vec::new(),
                    events: Vec::new(),
                };
                for operation in operations {
                    model.apply(log, operation).await;
                }
                model.compare(log).await;
            });
            Ok(())
        })
    });
    if let Err(TestError::Fail(reason, operations)) = outcome {
        panic!("{reason}\nafter {operations:#?}");
    }
    outcome.unwrap();
}
