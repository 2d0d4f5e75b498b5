//! Where the log and the keys are, as the settings say.

use crate::settings::Settings;
use eventstore::{
    EventStore, StoreError,
    embedded::{DataDir, EmbeddedStore, LOG_FILE},
    keyring::{Keyring, MasterKey},
    kurrentdb::{KurrentDbStore, Options},
};
use eventstore_schema::Position;
use secrecy::ExposeSecret as _;
use std::{
    error::Error, fmt::Display, fs::DirBuilder, os::unix::fs::DirBuilderExt as _, sync::Arc,
};

/// What can go wrong at the start, as one sentence.
pub type StartError = Box<dyn Error + Send + Sync>;

/// The name of the folder with the mail.
pub const OUTBOX_FOLDER: &str = "outbox";

/// The name of the file with the keys.
pub const KEYRING_FILE: &str = "keyring.db";

/// Opens the log and the keyring. Neither is made anew beside what is left of an older
/// installation: a log without its keys cannot be read, and keys without their log would begin a
/// second history.
pub async fn open(
    settings: &Settings,
    directory: &DataDir,
) -> Result<(Arc<dyn EventStore>, Keyring), StartError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.shared)
        .map_err(|error| format!("cannot use {}: {error}", settings.shared.display()))?;
    let keyring_file = settings.shared.join(KEYRING_FILE);
    let log_file = directory.path().join(LOG_FILE);
    let log_name = match &settings.store {
        Some(_) => "the log in KurrentDB".to_owned(),
        None => log_file.display().to_string(),
    };

    // A log of our own that is not there is not made before it is clear that it may.
    let log: Option<Arc<dyn EventStore>> = if settings.store.is_some() || log_file.exists() {
        Some(open_log(settings, directory).await?)
    } else {
        None
    };
    let begun = match &log {
        Some(log) => log.head().await? > Position::START,
        None => false,
    };
    let first_keyring = !keyring_file.exists();
    if begun && first_keyring {
        return Err(missing(keyring_file.display(), log_name));
    }
    let master = MasterKey::load_or_create(&settings.master_key_file, first_keyring)?;
    let keyring = Keyring::open(&keyring_file, &master)?;
    if !begun && !keyring.is_empty()? {
        return Err(missing(log_name, keyring_file.display()));
    }
    let log = match log {
        Some(log) => log,
        None => open_log(settings, directory).await?,
    };
    Ok((log, keyring))
}

/// Opens the keyring that is there, beside a server that may run.
pub fn open_keyring(settings: &Settings) -> Result<Keyring, StartError> {
    let file = settings.shared.join(KEYRING_FILE);
    if !file.exists() {
        return Err(format!("there is no {}", file.display()).into());
    }
    let master = MasterKey::load_or_create(&settings.master_key_file, false)?;
    Ok(Keyring::open(&file, &master)?)
}

/// Opens a log and a keyring that are there, for a command on the server. A log in KurrentDB stands
/// open to others meanwhile; one of our own belongs to one process at a time.
pub async fn open_what_is_there(
    settings: &Settings,
) -> Result<(Arc<dyn EventStore>, Keyring), StartError> {
    let keyring_file = settings.shared.join(KEYRING_FILE);
    for (file, ours) in [
        (&keyring_file, true),
        (&settings.data.join(LOG_FILE), settings.store.is_none()),
    ] {
        if ours && !file.exists() {
            return Err(format!("there is no {}", file.display()).into());
        }
    }
    let log: Arc<dyn EventStore> = match &settings.store {
        Some(connection) => Arc::new(connect(connection.expose_secret()).await?),
        None => match DataDir::lock(&settings.data) {
            Ok(directory) => Arc::new(EmbeddedStore::open(&directory)?),
            Err(StoreError::InUse(directory)) => {
                return Err(format!("stop the server first: it holds {directory}").into());
            }
            Err(error) => return Err(error.into()),
        },
    };
    Ok((log, open_keyring(settings)?))
}

async fn open_log(
    settings: &Settings,
    directory: &DataDir,
) -> Result<Arc<dyn EventStore>, StartError> {
    Ok(match &settings.store {
        Some(connection) => Arc::new(connect(connection.expose_secret()).await?),
        None => Arc::new(EmbeddedStore::open(directory)?),
    })
}

/// Opens the log to read, also while a server writes to it. One that is not there is not made.
pub async fn open_to_read(settings: &Settings) -> Result<Arc<dyn EventStore>, StartError> {
    Ok(match &settings.store {
        Some(connection) => Arc::new(connect(connection.expose_secret()).await?),
        None => Arc::new(EmbeddedStore::open_read_only(&settings.data)?),
    })
}

/// Connects to a KurrentDB.
pub async fn connect(connection: &str) -> Result<KurrentDbStore, StartError> {
    Ok(KurrentDbStore::connect(connection, Options::default()).await?)
}

fn missing(lost: impl Display, left: impl Display) -> StartError {
    format!("{lost} is missing while {left} is there; put it back from a backup of both").into()
}
