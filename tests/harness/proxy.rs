//! A network that misbehaves on demand: a proxy before a server, which can cut all connections, hold
//! answers back and delay them.

use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// What is done with what passes.
#[derive(Clone, Copy, Default)]
struct Weather {
    /// How often all connections were cut.
    cuts: usize,
    /// Whether what the server says stays here.
    holds_answers: bool,
    /// How long everything takes on its way back.
    delay: Duration,
}

/// The proxy. It goes away with its last handle.
#[derive(Clone)]
pub struct Proxy(Arc<Running>);

struct Running {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy before this server.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let weather = watch::Sender::new(Weather::default());
        let seen = weather.subscribe();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, server, seen.clone()));
            }
        });
        Self(Arc::new(Running {
            address,
            weather,
            task,
        }))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Cuts all connections, in the middle of whatever they carry. New ones are let through.
    pub fn cut(&self) {
        self.0.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Keeps answers here, or lets go of them.
    pub fn hold_answers(&self, hold: bool) {
        let change = |weather: &mut Weather| weather.holds_answers = hold;
        self.0.weather.send_modify(change);
    }

    /// Delays answers.
    pub fn delay(&self, delay: Duration) {
        self.0.weather.send_modify(|weather| weather.delay = delay);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        self.weather.send_modify(|weather| weather.cuts += 1);
    }
}

async fn forward(client: TcpStream, server: SocketAddr, weather: watch::Receiver<Weather>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // What is delayed is for the tests to say.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let cuts = weather.borrow().cuts;
    let mut cut = weather.clone();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, None) => {}
        () = copy(from_server, to_client, Some(weather)) => {}
        _ = cut.wait_for(|weather| weather.cuts != cuts) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: Option<watch::Receiver<Weather>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        // The crate's client sends a request in two pieces, and the second only after the first was
        // acknowledged, which a kernel puts off for 40 ms.
        let _ = from.as_ref().set_quickack(true);
        if let Some(weather) = &mut weather {
            let delay = weather.borrow().delay;
            sleep(delay).await;
            if weather
                .wait_for(|weather| !weather.holds_answers)
                .await
                .is_err()
            {
                return;
            }
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
