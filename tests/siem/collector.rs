//! A collector over HTTP that says no before it says yes.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A request that it was sent.
#[derive(Clone)]
pub struct Request {
    pub head: HeaderMap,
    pub events: Vec<Value>,
    pub answered: StatusCode,
}

#[derive(Clone, Default)]
pub struct Collector {
    pub url: String,
    answers: Arc<Mutex<Vec<StatusCode>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Collector {
    /// One that answers so first, and takes everything then.
    pub async fn start(answers: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in?channel=1", listener.local_addr().unwrap());
        let answers = answers
            .iter()
            .rev()
            .map(|code| StatusCode::from_u16(*code).unwrap());
        let collector = Self {
            url,
            answers: Arc::new(Mutex::new(answers.collect())),
            requests: Arc::default(),
        };
        let router = Router::new()
            .route("/in", post(take))
            .with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        collector
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The events that it took.
    pub fn taken(&self) -> Vec<Value> {
        let requests = self.requests().into_iter();
        let taken = requests.filter(|request| request.answered.is_success());
        taken.flat_map(|request| request.events).collect()
    }
}

async fn take(State(collector): State<Collector>, head: HeaderMap, body: String) -> StatusCode {
    let answered = collector
        .answers
        .lock()
        .unwrap()
        .pop()
        .unwrap_or(StatusCode::NO_CONTENT);
    let events = body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let request = Request {
        head,
        events,
        answered,
    };
    collector.requests.lock().unwrap().push(request);
    answered
}
