//! Password hashing (argon2id, RFC 9106), bounded to the cores: a flood of sign-ins waits in line
//! and, when the line is long, is sent away, but never starves the rest or exhausts memory.

use super::Failure;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};
use domain::normal_form;
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Sign-ins that may wait, for each core.
const WAITING_PER_CORE: usize = 64;

/// The work factor. The default is OWASP's: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug)]
pub struct PasswordParameters {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Default for PasswordParameters {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
        }
    }
}

impl PasswordParameters {
    /// Refuses what argon2 cannot do (RFC 9106 section 3.1).
    pub fn check(self) -> Result<(), String> {
        self.params()
            .map(|_| ())
            .map_err(|error| format!("argon2: {error}"))
    }

    fn params(self) -> argon2::Result<Params> {
        Params::new(self.memory_kib, self.passes, 1, None)
    }
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    /// Verified against where there is no such person, so that both take the same time.
    nobody: Arc<str>,
    line: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

impl PasswordHasher {
    /// A hasher with these parameters, on all cores.
    pub fn new(parameters: PasswordParameters) -> Result<Self, Failure> {
        let params = parameters.params().map_err(Failure::internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut unknown = [0; 32];
        getrandom::fill(&mut unknown).map_err(Failure::internal)?;
        let nobody = argon2
            .hash_password(&unknown)
            .map_err(Failure::internal)?
            .to_string();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            argon2,
            nobody: nobody.into(),
            line: Arc::new(Semaphore::new(cores * WAITING_PER_CORE)),
            cores: Arc::new(Semaphore::new(cores)),
        })
    }

    /// The hash of a new password, as a PHC string.
    pub async fn hash(&self, password: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Failure> {
        let argon2 = self.argon2.clone();
        self.work(move || {
            argon2
                .hash_password(&one_form(password))
                .map(|hash| Zeroizing::new(hash.to_string()))
        })
        .await?
        .map_err(Failure::internal)
    }

    /// Whether the password belongs to the hash. Without a hash it never does, after the same work.
    pub async fn verify(
        &self,
        password: Zeroizing<Vec<u8>>,
        hash: Option<Zeroizing<String>>,
    ) -> Result<bool, Failure> {
        let (argon2, nobody) = (self.argon2.clone(), self.nobody.clone());
        self.work(move || {
            let known = hash.is_some();
            let text = hash.as_ref().map_or(&*nobody, |hash| hash.as_str());
            let parsed = PasswordHash::new(text)?;
            Ok(argon2.verify_password(&one_form(password), &parsed).is_ok() && known)
        })
        .await?
        .map_err(|error: argon2::password_hash::phc::Error| Failure::internal(error))
    }

    /// Whether the hash cost something else than new ones do.
    #[must_use]
    pub fn is_outdated(&self, hash: &str) -> bool {
        cost_of(hash) != cost_of(&self.nobody)
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let place = self
            .line
            .clone()
            .try_acquire_owned()
            .map_err(|_| Failure::Busy)?;
        let core = self
            .cores
            .clone()
            .acquire_owned()
            .await
            .map_err(Failure::internal)?;
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, even if the client has gone away.
            let _held = (place, core);
            job()
        })
        .await
        .map_err(Failure::internal)
    }
}

/// What stands before salt and hash in a PHC string: algorithm, version and parameters.
fn cost_of(hash: &str) -> Option<&str> {
    hash.rsplitn(3, '$').nth(2)
}

/// The password in the form in which it is hashed. What is no text never was a password.
fn one_form(password: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    match std::str::from_utf8(&password) {
        Ok(text) => Zeroizing::new(std::mem::take(&mut *normal_form(text)).into_bytes()),
        Err(_) => password,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(memory_kib: u32) -> PasswordHasher {
        let passes = 1;
        PasswordHasher::new(PasswordParameters { memory_kib, passes }).unwrap()
    }

    fn typed(text: &str) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(text.into())
    }

    #[tokio::test]
    async fn a_password_is_the_same_however_the_keyboard_writes_it() {
        let hasher = hasher(8);
        // One character for the umlaut, or two; a ligature, or its letters; a wide digit.
        let hash = hasher.hash(typed("gr\u{fc}ne \u{fb01}sche \u{ff11}")).await;
        let hash = hash.unwrap();
        for (text, same) in [
            ("gru\u{308}ne fische 1", true),
            ("gr\u{fc}ne fische 1", true),
            ("grune fische 1", false),
        ] {
            let verified = hasher.verify(typed(text), Some(hash.clone())).await;
            assert_eq!(verified.unwrap(), same, "{text}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_outdated() {
        let (old, new) = (hasher(8), hasher(16));
        let hash = old.hash(typed("correct horse")).await.unwrap();
        assert!(!old.is_outdated(&hash));
        assert!(new.is_outdated(&hash));
    }
}
