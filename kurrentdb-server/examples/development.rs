//! A log for trying clients against: `development DIRECTORY [ADDRESS]`.
//!
//! Whoever shows no credentials may read and append, as with KurrentDB's own insecure mode: over
//! HTTP/2 without TLS, the Python and Node clients show none whatever they are given. The user
//! `admin` may do the same, `reader` sees the streams that begin with `shown`; the password of both
//! is `changeit`.

use async_trait::async_trait;
use eventstore::embedded::{DataDir, EmbeddedStore};
use eventstore_schema::RecordedEvent;
use kurrentdb_server::{Access, Credentials, Gate, Refused, View, serve};
use secrecy::ExposeSecret as _;
use std::{error::Error, path::Path, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

struct Development;

#[async_trait]
impl Gate for Development {
    async fn admit(&self, credentials: Option<Credentials>) -> Result<Access, Refused> {
        let Some(credentials) = credentials else {
            return Ok(Access::Everything { may_append: true });
        };
        match (
            credentials.user.as_str(),
            credentials.password.expose_secret(),
        ) {
            ("admin", "changeit") => Ok(Access::Everything { may_append: true }),
            ("reader", "changeit") => Ok(Access::Reader(Arc::new(Shown))),
            _ => Err(Refused::Unauthenticated),
        }
    }
}

struct Shown;

#[async_trait]
impl View for Shown {
    fn show(&self, event: RecordedEvent) -> Option<RecordedEvent> {
        event.stream.as_str().starts_with("shown").then_some(event)
    }

    async fn holds(&self) -> bool {
        true
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "whoever starts it needs the address")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("name a directory for the log")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let store = EmbeddedStore::open(&DataDir::lock(Path::new(&directory))?)?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.cancel();
            }
        }
    });
    serve(listener, Arc::new(store), Arc::new(Development), stop).await?;
    Ok(())
}
