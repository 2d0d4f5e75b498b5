//! A receiver of syslog over TLS that reads strictly by RFC 5425 and RFC 5424: whatever is not exactly so
//! ends the test.

use serde_json::Value;
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// A message that it has read.
#[derive(Clone, Debug)]
pub struct Read {
    pub priority: u8,
    pub message_id: String,
    pub index: u64,
    pub event_id: String,
    pub event: Value,
    pub text: String,
}

/// What it has read, and how it behaves.
#[derive(Default)]
struct State {
    connections: Mutex<Vec<Vec<Read>>>,
    wrong: Mutex<Vec<String>>,
    /// Connections that did not get as far as a first byte.
    refused: AtomicUsize,
    /// Connections that it breaks off after two messages.
    to_break_off: AtomicUsize,
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    certificates: Arc<TempDir>,
    state: Arc<State>,
}

impl Receiver {
    /// One that breaks off so many connections before it lets one live.
    pub async fn start(to_break_off: usize) -> Self {
        let certificates = Arc::new(harness::certificates());
        let acceptor = acceptor(certificates.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        state.to_break_off.store(to_break_off, Ordering::Relaxed);
        let receiver = Self {
            address,
            certificates,
            state: state.clone(),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, state) = (acceptor.clone(), state.clone());
                tokio::spawn(async move {
                    match acceptor.accept(client).await {
                        Ok(client) => state.serve(client).await,
                        Err(_) => {
                            state.refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        receiver
    }

    /// The address, as a setting.
    pub fn url(&self) -> String {
        format!("syslog+tls://{}", self.address)
    }

    /// The authority that its certificate is of.
    pub fn ca(&self) -> std::path::PathBuf {
        self.certificates.path().join("ca.pem")
    }

    /// Connections that found its certificate wrong.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::Relaxed)
    }

    /// What was read on each connection; nothing of it was wrong.
    pub fn connections(&self) -> Vec<Vec<Read>> {
        let wrong = lock(&self.state.wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
        lock(&self.state.connections).clone()
    }

    /// What was read altogether.
    pub fn received(&self) -> Vec<(u64, String)> {
        let all = self.connections().concat();
        all.into_iter()
            .map(|read| (read.index, read.event_id))
            .collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn acceptor(certificates: &Path) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(certificates.join("node.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificates.join("node.key")).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.collect::<Result<_, _>>().unwrap(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl State {
    async fn serve(&self, mut client: impl AsyncRead + tokio::io::AsyncWrite + Unpin) {
        let nth = {
            let mut connections = lock(&self.connections);
            connections.push(Vec::new());
            connections.len() - 1
        };
        let breaks_off = |left: usize| left.checked_sub(1);
        let order = Ordering::Relaxed;
        let breaks_off = self
            .to_break_off
            .fetch_update(order, order, breaks_off)
            .is_ok();
        loop {
            match frame(&mut client).await {
                Ok(Some(text)) => match read(&text) {
                    Ok(read) => lock(&self.connections)[nth].push(read),
                    Err(why) => lock(&self.wrong).push(format!("{why}: {text}")),
                },
                Ok(None) => break,
                // The other side may break off too.
                Err(why) if why.is_empty() => return,
                Err(why) => return lock(&self.wrong).push(why),
            }
            if breaks_off && lock(&self.connections)[nth].len() == 2 {
                return;
            }
        }
        let _ = client.shutdown().await;
    }
}

/// RFC 5425 section 4.3: `MSG-LEN SP SYSLOG-MSG`. Nothing at the end of the connection.
async fn frame(client: &mut (impl AsyncRead + Unpin)) -> Result<Option<String>, String> {
    let mut length = 0_usize;
    loop {
        match client.read_u8().await {
            Ok(digit @ b'0'..=b'9') if length > 0 || digit > b'0' => {
                length = length * 10 + usize::from(digit - b'0');
            }
            Ok(b' ') if length > 0 => break,
            Ok(byte) => return Err(format!("{byte} in a length")),
            Err(_) if length == 0 => return Ok(None),
            Err(_) => return Err(String::new()),
        }
    }
    let mut text = vec![0; length];
    let read = client.read_exact(&mut text).await;
    read.map_err(|_| String::new())?;
    String::from_utf8(text)
        .map(Some)
        .map_err(|error| error.to_string())
}

/// RFC 5424 section 6, as far as Pawl's messages go: with a time, a message id and one element of
/// structured data, and JSON behind a byte order mark.
fn read(text: &str) -> Result<Read, &'static str> {
    let rest = text.strip_prefix('<').ok_or("no priority")?;
    let (priority, rest) = rest.split_once('>').ok_or("no end of the priority")?;
    let priority: u8 = priority.parse().map_err(|_| "priority")?;
    let rest = rest.strip_prefix("1 ").ok_or("version")?;
    let mut words = rest.splitn(6, ' ');
    let mut word = || words.next().ok_or("too few words");
    let [time, host, app, process, message_id] = [word()?, word()?, word()?, word()?, word()?];
    let well_formed = time.len() == 27
        && time.ends_with('Z')
        && chrono::DateTime::parse_from_rfc3339(time).is_ok();
    if !well_formed || host != "-" || app != "pawl" || process != "-" {
        return Err("header");
    }
    let graphic = message_id.bytes().all(|byte| byte.is_ascii_graphic());
    if message_id.is_empty() || message_id.len() > 32 || !graphic {
        return Err("message id");
    }
    let rest = word()?.strip_prefix('[').ok_or("no structured data")?;
    let (data, message) = rest.split_once("] \u{feff}").ok_or("no message")?;
    let mut data = data.split(' ');
    if data.next() != Some("pawl@32473") {
        return Err("name of the structured data");
    }
    let mut field = |name: &str| {
        let field = data.next()?.strip_prefix(name)?.strip_prefix("=\"")?;
        field.strip_suffix('"').map(str::to_owned)
    };
    let event_id = field("eventId").ok_or("event id")?;
    let index = field("leafIndex")
        .and_then(|index| index.parse().ok())
        .ok_or("index")?;
    Ok(Read {
        priority,
        message_id: message_id.to_owned(),
        index,
        event_id,
        event: serde_json::from_str(message).map_err(|_| "JSON")?,
        text: text.to_owned(),
    })
}
