//! Repeats: whoever did not hear the answer asks again with the same event ids, and changes
//! nothing by it.

use crate::log::{Log, assert_duplicate, event, events, new_ids, new_stream, new_streams};
use eventstore::ExpectedRevision::{Any, Exact, NoStream};
use futures::future::join_all;

pub(crate) async fn a_repeated_append_answers_as_the_first_time(log: &Log) {
    let stream = new_stream();
    let (before, _) = log.put(&stream, 1).await;
    let new = events(3);
    let first = log.append(&stream, Exact(0), new.clone()).await.unwrap();
    let mut kept = [before, new.clone()].concat();
    for _ in 0..3 {
        for expected in [Exact(0), Exact(3), Exact(77), NoStream, Any] {
            let again = log.append(&stream, expected, new.clone()).await;
            assert_eq!(again.unwrap(), first, "{expected:?}");
        }
        log.holds(&stream, &kept).await;
        // The stream moves on meanwhile.
        kept.extend(log.put(&stream, 2).await.0);
    }
    let found = log.all(std::slice::from_ref(&stream)).await;
    assert_eq!(found.len(), kept.len());
}

pub(crate) async fn repeats_at_the_same_time_append_once(log: &Log) {
    let stream = new_stream();
    let mut kept = Vec::new();
    for round in 0..10_u64 {
        let new = events(2);
        let expected = (round * 2).checked_sub(1).map_or(NoStream, Exact);
        let writers = (0..6).map(|_| {
            let (log, stream, new) = (log.clone(), stream.clone(), new.clone());
            tokio::spawn(async move { log.append(&stream, expected, new).await })
        });
        let answers = join_all(writers).await;
        let answers: Vec<_> = answers.into_iter().map(|a| a.unwrap().unwrap()).collect();
        assert!(answers.iter().all(|a| *a == answers[0]), "{answers:?}");
        assert_eq!(answers[0].revision, round * 2 + 1);
        kept.extend(new);
    }
    log.holds(&stream, &kept).await;
}

pub(crate) async fn ids_that_are_known_in_part_are_refused(log: &Log) {
    let stream = new_stream();
    let (old, _) = log.put(&stream, 3).await;
    let [one, two, three] = [&old[0], &old[1], &old[2]].map(Clone::clone);
    let new = || event("{}");
    let twice = new();
    for append in [
        vec![new(), one.clone()],
        vec![three.clone(), new()],
        vec![one.clone(), new(), two.clone()],
        vec![two.clone(), one.clone()],
        vec![one.clone(), three],
        vec![one.clone(), one],
        vec![twice.clone(), twice],
    ] {
        let ids = new_ids(&append);
        for expected in [Any, Exact(2)] {
            let answer = log.append(&stream, expected, append.clone()).await;
            assert_duplicate(&answer, &ids);
        }
        log.holds(&stream, &old).await;
    }
}

pub(crate) async fn ids_of_another_stream_are_refused(log: &Log) {
    if !log.knows_all_ids {
        return;
    }
    let [theirs, ours] = new_streams();
    let (old, _) = log.put(&theirs, 2).await;
    for append in [
        old.clone(),
        vec![old[0].clone()],
        vec![event("{}"), old[1].clone()],
    ] {
        let answer = log.append(&ours, NoStream, append).await;
        assert_duplicate(&answer, &new_ids(&old));
    }
    log.holds(&theirs, &old).await;
    log.holds(&ours, &[]).await;
}
