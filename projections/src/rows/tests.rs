//! What is put together comes to the same as what is written at once.

use super::*;
use crate::{
    sql::{Connection, Purpose, params, sqlite::Sqlite},
    testing::{PostgresServer, home_on},
};
use proptest::prelude::*;

const SCORES: Table = Table {
    name: "scores",
    columns: "player TEXT NOT NULL, game BIGINT NOT NULL, points BIGINT NOT NULL, note TEXT",
    key: &["player", "game"],
    indexes: &[],
};

const PLAYERS: [&str; 2] = ["ada", "grace"];

#[derive(Clone, Debug)]
enum Step {
    Insert(i64),
    Update(i64),
    UpdateNote(&'static str),
    Put(i64),
    Add(i64),
    Delete,
    Remove,
    Find,
    /// The row of another game.
    Append(i64),
    /// Statements in SQL, which see everything.
    Double,
    MustChange,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let number = 0..9_i64;
    let step = prop_oneof![
        3 => number.clone().prop_map(Step::Insert),
        2 => number.clone().prop_map(Step::Update),
        1 => Just(Step::UpdateNote("late")),
        2 => number.clone().prop_map(Step::Put),
        2 => number.clone().prop_map(Step::Add),
        2 => number.prop_map(Step::Append),
        1 => Just(Step::Delete),
        2 => Just(Step::Remove),
        3 => Just(Step::Find),
        1 => Just(Step::Double),
        1 => Just(Step::MustChange),
    ];
    (0..PLAYERS.len(), step)
}

type Score = (i64, Option<String>);

fn score_from(row: &Row<'_>) -> Result<Score, SqlError> {
    Ok((row.get("points")?, row.get("note")?))
}

fn take(
    rows: &mut Rows<'_>,
    (player, step): &(usize, Step),
    found: &mut Vec<Option<Score>>,
) -> Result<(), ProjectionError> {
    let key = params![PLAYERS[*player], 1_i64];
    match step {
        Step::Insert(points) => rows.insert(&SCORES, key, values! { points = points }),
        Step::Update(points) => {
            let all = values! { points = points, note = None::<String> };
            rows.update(&SCORES, key, all)
        }
        Step::UpdateNote(note) => rows.update(&SCORES, key, values! { note = note }),
        Step::Put(points) => {
            let new = values! { note = format!("put {points}") };
            rows.put(&SCORES, key, new, values! { points = points })
        }
        Step::Add(points) => rows.add(&SCORES, key, values! { points = points }),
        Step::Delete => rows.delete(&SCORES, key),
        Step::Remove => rows.remove(&SCORES, key),
        Step::Find => {
            found.push(rows.find(&SCORES, key, score_from)?);
            Ok(())
        }
        Step::Append(game) => {
            let row = params![PLAYERS[*player], game + 2, 1_i64, None::<String>];
            rows.append(&SCORES, row)
        }
        Step::Double => rows.execute("UPDATE scores SET points = 2 * points", &[]),
        Step::MustChange => rows.change("UPDATE scores SET note = 'x' WHERE points = 4", &[]),
    }
}

struct Database(Box<dyn Connection>);

impl Database {
    fn new() -> Self {
        Self::on(Box::new(Sqlite::in_memory()))
    }

    fn on(mut connection: Box<dyn Connection>) -> Self {
        let table = connection.create_table("scores", &SCORES);
        connection.script(&table).unwrap();
        connection.begin(Purpose::Writing).unwrap();
        Self(connection)
    }

    /// Takes these steps in one batch; otherwise answers which one failed. What was found.
    fn batch(&mut self, steps: &[(usize, Step)]) -> Result<Vec<Option<Score>>, usize> {
        let mut names = Names::default();
        let mut rows = Rows::new(&mut *self.0, &mut names);
        let mut found = Vec::new();
        let mut refused = Ok(());
        for (index, step) in steps.iter().enumerate() {
            rows.begin(index);
            if take(&mut rows, step, &mut found).is_err() {
                refused = Err(rows.event());
                break;
            }
        }
        rows.finish().map_err(|(index, _)| index)?;
        refused.map(|()| found)
    }

    fn scores(&mut self) -> Vec<(String, Score)> {
        let all = "SELECT * FROM scores ORDER BY player, game";
        let score = |row: &Row<'_>| Ok((row.get("player")?, score_from(row)?));
        self.0.all(all, &[], score).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_batch_comes_to_the_same_as_one_step_after_the_other(
        steps in prop::collection::vec(step(), 1..20),
    ) {
        let mut slow = Database::new();
        let mut expected = Vec::new();
        let mut taken = 0;
        for step in steps.chunks(1) {
            let Ok(found) = slow.batch(step) else { break };
            expected.extend(found);
            taken += 1;
        }
        // As the writer does: what a failure left is undone, and the steps before it are done again.
        let mut end = steps.len();
        let (mut fast, found) = loop {
            let mut fast = Database::new();
            match fast.batch(&steps[..end]) {
                Ok(found) => break (fast, found),
                Err(failed) => end = failed,
            }
        };
        prop_assert_eq!(end, taken);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(fast.scores(), slow.scores());
    }
}

#[test]
fn whose_row_cannot_be_written_is_known_at_once() {
    let server = PostgresServer::start();
    let steps = [
        (0, Step::Put(1)),
        // What came before is written, and its end waited for.
        (0, Step::Find),
        (1, Step::UpdateNote("of nobody")),
        (0, Step::Put(2)),
    ];
    for (name, last) in [
        ("put", Step::Put(3)),
        ("sql", Step::Double),
        ("found", Step::Find),
    ] {
        let steps = [&steps[..], &[(1, last)]].concat();
        let postgres = home_on(&server, name).open_writable().unwrap();
        for mut database in [Database::new(), Database::on(postgres)] {
            assert_eq!(database.batch(&steps), Err(2), "{name}");
        }
    }
}
