//! The row `S1`: sign-ins with password and code in a second, beside bare argon2id verifications on as
//! many threads as there are cores. The clients of the sign-ins share the cores with the server; they
//! are part of what is measured.

use crate::{
    figures::{Goal, Row},
    load::{Caller, Connection, Measured, rate},
    place::{Citizen, Place, own_processor_time},
};
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};
use generator::{PASSWORD, Plan};
use pawl::application::PasswordParameters;
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How many people sign in at the same time.
const CLIENTS: usize = 8;

pub(crate) async fn measure(short: bool) -> Value {
    let (people, time, runs) = if short {
        (2_000, Duration::from_millis(1500), 5)
    } else {
        (8_000, Duration::from_secs(2), 15)
    };
    let place = Place::with(Plan::new(people, people * 12, 1).unwrap()).await;
    let citizens = Arc::new(place.citizens().await);
    let server = place.serve();
    server.comes_to_rest().await;
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = Vec::new();
    for _ in 0..CLIENTS {
        callers.push(SignIn {
            connection: Connection::open(&server.address).await,
            citizens: citizens.clone(),
            next: next.clone(),
        });
    }
    let mut row = Row::new(
        "sign-ins with password and code / argon2id",
        "1/s",
        Goal::AtLeast(0.95),
    );
    (_, callers) = rate(&server, callers, time).await;
    let (mut pawl, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let measured;
        (measured, callers) = rate(&server, callers, time).await;
        pawl.push(measured);
        let bare = tokio::task::spawn_blocking(move || verifications(time));
        let measured = bare.await.unwrap();
        limit.push(measured);
    }
    row.note("clients", CLIENTS);
    row.take(&pawl, &limit);
    row.json()
}

struct SignIn {
    connection: Connection,
    citizens: Arc<Vec<Citizen>>,
    next: Arc<AtomicUsize>,
}

impl Caller for SignIn {
    async fn call(&mut self) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let citizen = &self.citizens[turn % self.citizens.len()];
        citizen.sign_in(&mut self.connection).await;
    }
}

/// Bare verifications in a second, on all cores.
fn verifications(time: Duration) -> Measured {
    let PasswordParameters { memory_kib, passes } = PasswordParameters::default();
    let parameters = Params::new(memory_kib, passes, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let hash = argon2
        .hash_password(PASSWORD.as_bytes())
        .unwrap()
        .to_string();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (before, began) = (own_processor_time(), Instant::now());
    let count = thread::scope(|scope| {
        let threads = (0..cores).map(|_| {
            scope.spawn(|| {
                let hash = PasswordHash::new(&hash).unwrap();
                let mut count = 0_u32;
                while began.elapsed() < time {
                    argon2.verify_password(PASSWORD.as_bytes(), &hash).unwrap();
                    count += 1;
                }
                count
            })
        });
        let threads: Vec<_> = threads.collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<u32>()
    });
    let used = own_processor_time().saturating_sub(before);
    Measured {
        rate: f64::from(count) / began.elapsed().as_secs_f64(),
        server: used.as_secs_f64() * 1e6 / f64::from(count),
        clients: 0.0,
    }
}
