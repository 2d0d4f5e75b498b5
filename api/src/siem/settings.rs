//! The settings of the feed, as they are given and as they are in force.

use crate::audit::formats::Format;
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};
use url::Url;

/// The settings as given.
#[derive(Args, Clone, Debug, Default)]
pub struct SiemFlags {
    /// SIEM that is told of every event, by ids, without personal data (syslog+tls://..., or
    /// https://...) [default: none]
    #[arg(long, env = "PAWL_SIEM_URL", value_name = "URL")]
    pub siem_url: Option<Url>,
    /// What each event looks like there [default: ocsf]
    #[arg(long, env = "PAWL_SIEM_FORMAT")]
    pub siem_format: Option<FeedFormat>,
    /// Authority that the SIEM's certificate is of, as PEM [default: the system's]
    #[arg(long, env = "PAWL_SIEM_CA_FILE", value_name = "FILE")]
    pub siem_ca_file: Option<PathBuf>,
    /// File with the token that https:// is to show (Authorization: Bearer) [default: none]
    #[arg(long, env = "PAWL_SIEM_TOKEN_FILE", value_name = "FILE")]
    pub siem_token_file: Option<PathBuf>,
}

/// The forms that events have in the feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum FeedFormat {
    /// [`Format::Ocsf`].
    #[default]
    #[value(help = "OCSF 1.8.0")]
    Ocsf,
    /// [`Format::CloudEvents`].
    #[value(help = "CloudEvents 1.0")]
    CloudEvents,
}

impl From<FeedFormat> for Format {
    fn from(format: FeedFormat) -> Self {
        match format {
            FeedFormat::Ocsf => Self::Ocsf,
            FeedFormat::CloudEvents => Self::CloudEvents,
        }
    }
}

/// How to reach a SIEM.
#[derive(Clone, Debug)]
pub struct SiemSettings {
    /// `syslog+tls://HOST:PORT` or `https://...`; `syslog+tcp://` and `http://` to this machine only.
    pub url: Url,
    /// The authority whose certificates are believed, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// What each event looks like.
    pub format: Format,
    /// What an HTTP collector asks for.
    pub token: Option<SecretString>,
}

impl SiemFlags {
    /// The settings in force, where there is a SIEM: what is not given here is taken from the file.
    pub fn resolve(self, file: Self) -> Result<Option<SiemSettings>, String> {
        let Some(url) = self.siem_url.or(file.siem_url) else {
            return Ok(None);
        };
        let token = self.siem_token_file.or(file.siem_token_file);
        Ok(Some(SiemSettings {
            url,
            ca_file: self.siem_ca_file.or(file.siem_ca_file),
            format: self
                .siem_format
                .or(file.siem_format)
                .unwrap_or_default()
                .into(),
            token: token.as_deref().map(read).transpose()?,
        }))
    }
}

fn read(file: &Path) -> Result<SecretString, String> {
    let name = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| format!("siem-token-file: cannot read {name}: {error}"))?;
    let token = text.trim();
    if !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic()) {
        Ok(token.into())
    } else {
        Err(format!(
            "siem-token-file: {name} holds no token, which is one word"
        ))
    }
}
