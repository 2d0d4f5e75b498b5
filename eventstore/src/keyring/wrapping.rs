//! What keys are wrapped with: the master key in its versions. A process that meets a version which
//! it does not know reads the file of the master key again.

use super::{
    KeyringError, MasterKey,
    boxes::{decrypt, encrypt},
};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};
use zeroize::Zeroizing;

type Ciphers = BTreeMap<u32, XChaCha20Poly1305>;

/// The versions that this process knows.
pub(super) struct Wrappings {
    file: PathBuf,
    known: RwLock<Arc<Ciphers>>,
}

/// What one version wraps with.
pub(super) fn wrapping_of(
    master: &MasterKey,
    version: u32,
) -> Result<XChaCha20Poly1305, KeyringError> {
    Ok(XChaCha20Poly1305::new(
        &(*master.derive(version, "wrap")?).into(),
    ))
}

fn ciphers_of(master: &MasterKey) -> Result<Arc<Ciphers>, KeyringError> {
    let versions = master.versions();
    let ciphers = versions.map(|version| Ok((version, wrapping_of(master, version)?)));
    ciphers.collect::<Result<_, _>>().map(Arc::new)
}

impl Wrappings {
    pub(super) fn of(master: &MasterKey) -> Result<Self, KeyringError> {
        Ok(Self {
            file: master.file().to_owned(),
            known: RwLock::new(ciphers_of(master)?),
        })
    }

    /// What is known before a look at the keyring: what is read afterwards is wrapped with a version
    /// that is known, or with a newer one.
    pub(super) fn look(&self) -> Look<'_> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Look {
            wrappings: self,
            known: known.clone(),
        }
    }

    fn read_again(&self, version: u32) -> Result<Arc<Ciphers>, KeyringError> {
        // Later it may be there: whoever waits for it tries again.
        let unavailable = |error: KeyringError| KeyringError::Unavailable(error.to_string());
        let master = MasterKey::load_or_create(&self.file, false).map_err(unavailable)?;
        wrapping_of(&master, version).map_err(unavailable)?;
        let ciphers = ciphers_of(&master)?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = ciphers.clone();
        Ok(ciphers)
    }
}

/// One look at the keyring.
pub(super) struct Look<'a> {
    wrappings: &'a Wrappings,
    known: Arc<Ciphers>,
}

impl Look<'_> {
    fn wrapping(&mut self, version: u32) -> Result<&XChaCha20Poly1305, KeyringError> {
        if !self.known.contains_key(&version) {
            let newer = self.wrappings.read_again(version)?;
            // Those of before stay known for this look: it may be at a state of before.
            let newer = newer
                .iter()
                .map(|(version, cipher)| (*version, cipher.clone()));
            Arc::make_mut(&mut self.known).extend(newer);
        }
        self.known.get(&version).ok_or_else(|| {
            KeyringError::Unavailable(format!("version {version} of the master key is missing"))
        })
    }

    /// Wraps a key.
    pub(super) fn wrap(
        &mut self,
        version: u32,
        name: &str,
        key: &[u8],
    ) -> Result<Vec<u8>, KeyringError> {
        encrypt(self.wrapping(version)?, name, key)
    }

    /// Unwraps a key.
    pub(super) fn unwrap(
        &mut self,
        name: &str,
        wrapped: &Wrapped,
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let wrapping = self.wrapping(wrapped.master_key)?;
        decrypt(wrapping, name, &wrapped.key).ok_or_else(|| KeyringError::Tampered {
            name: name.to_owned(),
        })
    }
}

/// A key as it is kept.
pub(super) struct Wrapped {
    /// The version of the master key.
    pub(super) master_key: u32,
    /// The key, wrapped.
    pub(super) key: Vec<u8>,
}
