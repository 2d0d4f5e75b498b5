//! Clients that take as little of the machine as they can: HTTP/1.1 on a connection that stays open,
//! with requests that are written once.

use crate::place::{Server, own_processor_time};
use serde_json::Value;
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    task::JoinSet,
};

/// An open connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// The header `Pawl-Position`.
    pub(crate) position: Option<u64>,
}

impl Answer {
    /// Its body, which must be JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A request, ready to be sent over and over.
#[derive(Clone)]
pub(crate) struct Request {
    line: String,
    headers: String,
    body: String,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            line: format!("{method} {path} HTTP/1.1\r\n"),
            headers: String::new(),
            body: String::new(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        for part in [name, ": ", value, "\r\n"] {
            self.headers += part;
        }
        self
    }

    pub(crate) fn with(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        let length = self.body.len().to_string();
        self.header("content-type", "application/json")
            .header("content-length", &length)
    }
}

impl Connection {
    /// Connects to a server (`http://...`).
    pub(crate) async fn open(address: &str) -> Self {
        let host = address.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            host,
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send(&mut self, request: &Request) -> Answer {
        let (line, headers, body) = (&request.line, &request.headers, &request.body);
        let text = format!("{line}host: {}\r\n{headers}\r\n{body}", self.host);
        self.stream
            .get_mut()
            .write_all(text.as_bytes())
            .await
            .unwrap();
        let (mut status, mut length, mut position) = (0, 0, None);
        let mut line = String::new();
        for number in 0.. {
            line.clear();
            self.stream.read_line(&mut line).await.unwrap();
            let line = line.trim_end();
            if number == 0 {
                let code = line.split(' ').nth(1);
                let code = code.unwrap_or_else(|| panic!("{}: {line:?}", request.line));
                status = code.parse().unwrap();
            } else if line.is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(": ") {
                match name {
                    "content-length" => length = value.parse().unwrap(),
                    "pawl-position" => position = value.parse().ok(),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        Answer {
            status,
            body,
            position,
        }
    }

    /// Sends a request that must be taken.
    pub(crate) async fn take(&mut self, request: &Request) -> Answer {
        let answer = self.send(request).await;
        let taken = (200..300).contains(&answer.status);
        let body = String::from_utf8_lossy(&answer.body);
        assert!(taken, "{}{} {body}", request.line, answer.status);
        answer
    }
}

/// Somebody who does the same again and again.
pub(crate) trait Caller: Send + 'static {
    /// Does it once.
    fn call(&mut self) -> impl Future<Output = ()> + Send;
}

/// What a while of calls came to.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    /// Calls in a second.
    pub(crate) rate: f64,
    /// Processor time of the server for each call, in microseconds.
    pub(crate) server: f64,
    /// The same of the clients.
    pub(crate) clients: f64,
}

/// Lets all of them call for so long, each as fast as it is answered by this server; what came of it,
/// and the callers for the next time.
#[expect(clippy::cast_precision_loss, reason = "nobody calls that often")]
pub(crate) async fn rate<C: Caller>(
    server: &Server,
    callers: Vec<C>,
    time: Duration,
) -> (Measured, Vec<C>) {
    let before = (server.processor_time(), own_processor_time());
    let (calls, took, callers) = call(callers, time).await;
    let after = (server.processor_time(), own_processor_time());
    let each = |time: Duration| time.as_secs_f64() * 1e6 / calls as f64;
    let measured = Measured {
        rate: per_second(calls, took),
        server: each(after.0.saturating_sub(before.0)),
        clients: each(after.1.saturating_sub(before.1)),
    };
    (measured, callers)
}

/// How often in a second that is.
#[expect(clippy::cast_precision_loss, reason = "nobody calls that often")]
pub(crate) fn per_second(calls: u64, time: Duration) -> f64 {
    calls as f64 / time.as_secs_f64()
}

/// The same without a server; how often they called, and for how long.
pub(crate) async fn call<C: Caller>(callers: Vec<C>, time: Duration) -> (u64, Duration, Vec<C>) {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for mut caller in callers {
        tasks.spawn(async move {
            let mut calls = 0_u64;
            while began.elapsed() < time {
                caller.call().await;
                calls += 1;
            }
            (calls, caller)
        });
    }
    let done = tasks.join_all().await;
    let calls = done.iter().map(|(calls, _)| calls).sum();
    let callers = done.into_iter().map(|(_, caller)| caller);
    (calls, began.elapsed(), callers.collect())
}

/// A client that sends the same request.
pub(crate) struct Sender {
    pub(crate) connection: Connection,
    pub(crate) request: Request,
}

impl Caller for Sender {
    async fn call(&mut self) {
        self.connection.take(&self.request).await;
    }
}
