//! Password hashing (argon2id, RFC 9106), bounded to the cores: a flood of sign-ins waits in line
//! and, when the line is long, is sent away, but never starves the rest or exhausts memory.

use super::Failure;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};
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
                .hash_password(&password)
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
            Ok(argon2.verify_password(&password, &parsed).is_ok() && known)
        })
        .await?
        .map_err(|error: argon2::password_hash::phc::Error| Failure::internal(error))
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
