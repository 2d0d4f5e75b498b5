//! Syslog: messages in the form of RFC 5424, framed by their length as in RFC 5425, over TLS.
//!
//! Syslog acknowledges nothing, and what a connection held when it broke is lost without a word. So a
//! connection is ended now and then, and only when the receiver has ended it too, which it does after
//! the last message (RFC 5425 section 4.4), is everything on it taken to have arrived.

use super::{Message, SiemError, address::Receiver};
use crate::audit::formats::Severity;
use chrono::SecondsFormat;
use futures::FutureExt as _;
use std::{fmt::Write as _, io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

/// How long a connection may take to be made, and to be ended.
const CONNECT: Duration = Duration::from_secs(10);
/// How long messages may take to be written.
const WRITE: Duration = Duration::from_secs(30);
/// How long after the last message it takes at most to hear of a receiver that went away before it: as
/// long as a round trip. Only then can its end be told from the end of the connection that Pawl asks for.
const ROUND_TRIP: Duration = Duration::from_millis(500);

/// Facility 13, "log audit" (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
/// The name of the structured data. Pawl has no enterprise number of its own; this one is for examples
/// (RFC 5612) and belongs to nobody.
const STRUCTURED_DATA: &str = "pawl@32473";
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Where bytes go, in clear or not.
trait Pipe: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Pipe for T {}

/// A receiver of syslog.
pub struct Syslog {
    receiver: Receiver,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// The host of this Pawl, as messages name it.
    host: String,
    connection: Option<Box<dyn Pipe>>,
}

impl Syslog {
    pub(super) fn new(
        receiver: Receiver,
        tls: Option<Arc<ClientConfig>>,
        own_name: Option<&str>,
    ) -> Result<Self, String> {
        let tls = match tls {
            Some(config) => {
                let name = ServerName::try_from(receiver.host.clone());
                let name = name.map_err(|_| "siem-url: a certificate cannot name this host")?;
                Some((TlsConnector::from(config), name))
            }
            None => None,
        };
        Ok(Self {
            receiver,
            tls,
            host: own_name.unwrap_or("-").to_owned(),
            connection: None,
        })
    }

    /// Writes messages. After an error the connection is gone, and what was on it may be.
    pub(super) async fn send(&mut self, messages: &[Message]) -> Result<(), SiemError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => match timeout(CONNECT, self.connect()).await {
                Ok(connection) => connection.map_err(SiemError::Unreachable)?,
                Err(_) => return Err(SiemError::Silent),
            },
        };
        still_open(&mut connection)?;
        let frames: String = messages.iter().map(|message| self.frame(message)).collect();
        let written = async {
            connection.write_all(frames.as_bytes()).await?;
            connection.flush().await
        };
        match timeout(WRITE, written).await {
            Ok(written) => written.map_err(SiemError::BrokenOff)?,
            Err(_) => return Err(SiemError::Silent),
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// Ends the connection, and waits until the receiver has come to its end too.
    pub(super) async fn settle(&mut self) -> Result<(), SiemError> {
        let Some(mut connection) = self.connection.take() else {
            return Ok(());
        };
        sleep(ROUND_TRIP).await;
        still_open(&mut connection)?;
        let ended = async {
            connection.shutdown().await?;
            loop {
                match read(&mut connection).await {
                    Ok(0) => return Ok(()),
                    Ok(_) => {}
                    // Some end the connection without ending TLS first, rsyslog among them.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        };
        match timeout(CONNECT, ended).await {
            Ok(ended) => ended.map_err(SiemError::BrokenOff),
            Err(_) => Err(SiemError::Silent),
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Pipe>> {
        let Receiver { host, port, .. } = &self.receiver;
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            Some((tls, name)) => Box::new(tls.connect(name.clone(), stream).await?),
            None => Box::new(stream),
        })
    }

    /// A message with its length before it.
    fn frame(&self, message: &Message) -> String {
        let severity = match message.severity {
            Severity::Informational => 6,
            Severity::Low => 5,
            Severity::Medium => 4,
        };
        // Ids and numbers hold nothing that would have to be escaped.
        let mut data = format!(
            "{STRUCTURED_DATA} eventId=\"{}\" leafIndex=\"{}\"",
            message.id, message.index
        );
        if let Some(organization) = message.organization {
            // Writing to a text does not fail.
            let _ = write!(data, " organization=\"{organization}\"");
        }
        let text = format!(
            "<{}>1 {} {} pawl - {} [{data}] {BYTE_ORDER_MARK}{}",
            FACILITY * 8 + severity,
            message
                .recorded_at
                .to_rfc3339_opts(SecondsFormat::Micros, true),
            self.host,
            message.event_type,
            message.json,
        );
        format!("{} {text}", text.len())
    }
}

/// Fails where the receiver has gone away by itself, for what was written meanwhile is lost. It says
/// nothing otherwise.
fn still_open(connection: &mut Box<dyn Pipe>) -> Result<(), SiemError> {
    match read(connection).now_or_never() {
        None | Some(Ok(1..)) => Ok(()),
        Some(Ok(0)) => Err(SiemError::BrokenOff(
            io::ErrorKind::ConnectionAborted.into(),
        )),
        Some(Err(error)) => Err(SiemError::BrokenOff(error)),
    }
}

async fn read(connection: &mut Box<dyn Pipe>) -> io::Result<usize> {
    connection.read(&mut [0; 512]).await
}
