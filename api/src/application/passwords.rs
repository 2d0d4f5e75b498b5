//! Password hashing (argon2id, RFC 9106), bounded to the cores: a flood of sign-ins waits in line
//! and, when the line is long, is sent away, but never starves the rest or exhausts memory.

mod memory;

use super::Failure;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use domain::normal_form;
use memory::Memory;
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Sign-ins that may wait, for each core.
const WAITING_PER_CORE: usize = 64;
/// Bytes of a salt, as RFC 9106 recommends (section 3.1).
const SALT: usize = 16;

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
pub struct PasswordHasher(Arc<Inner>);

struct Inner {
    params: Params,
    /// Verified against where there is no such person, so that both take the same time.
    nobody: String,
    /// Places for those who wait and those at work.
    line: Arc<Semaphore>,
    cores: Arc<Semaphore>,
    core_count: usize,
    memory: Memory,
}

impl PasswordHasher {
    /// A hasher with these parameters, on all cores.
    pub fn new(parameters: PasswordParameters) -> Result<Self, Failure> {
        let params = parameters.params().map_err(Failure::internal)?;
        // No password has it; to find that out takes as long as with any other.
        let unknown = random::<{ Params::DEFAULT_OUTPUT_LEN }>()?;
        let nobody = phc(&params, &random::<SALT>()?, &unknown)?;
        let core_count = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            params,
            nobody,
            line: Arc::new(Semaphore::new(core_count * WAITING_PER_CORE)),
            cores: Arc::new(Semaphore::new(core_count)),
            core_count,
            memory: Memory::default(),
        })))
    }

    /// The hash of a new password, as a PHC string.
    pub async fn hash(&self, password: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Failure> {
        let params = self.0.params.clone();
        self.work(move |memory| {
            let salt = random::<SALT>()?;
            let mut output = Zeroizing::new([0; Params::DEFAULT_OUTPUT_LEN]);
            let argon2 = argon2id(params.clone());
            derive(&argon2, password, &salt, &mut *output, memory)?;
            phc(&params, &salt, &*output).map(Zeroizing::new)
        })
        .await
    }

    /// Whether the password belongs to the hash. Without a hash it never does, after the same work.
    pub async fn verify(
        &self,
        password: Zeroizing<Vec<u8>>,
        hash: Option<Zeroizing<String>>,
    ) -> Result<bool, Failure> {
        let hasher = self.clone();
        self.work(move |memory| {
            let known = hash.is_some();
            let text = hash
                .as_ref()
                .map_or(&*hasher.0.nobody, |hash| hash.as_str());
            Ok(belongs(password, text, memory)? && known)
        })
        .await
    }

    /// Whether the hash cost something else than new ones do.
    #[must_use]
    pub fn is_outdated(&self, hash: &str) -> bool {
        cost_of(hash) != cost_of(&self.0.nobody)
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Vec<Block>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let Inner { line, cores, .. } = &*self.0;
        let place = line.clone().try_acquire_owned();
        let place = place.map_err(|_| Failure::Busy)?;
        let core = cores.clone().acquire_owned().await;
        let core = core.map_err(Failure::internal)?;
        let hasher = self.clone();
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, even if the client has gone away.
            let _held = (place, core);
            let mut memory = hasher.0.memory.take();
            let done = job(&mut memory);
            hasher.0.memory.put_back(memory, hasher.somebody_waits());
            done
        })
        .await
        .map_err(Failure::internal)?
    }

    /// Whether there are more in the line than can be at work.
    fn somebody_waits(&self) -> bool {
        let places = self.0.core_count * WAITING_PER_CORE;
        places - self.0.line.available_permits() > self.0.core_count
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Whether a password belongs to a hash, whatever that cost.
fn belongs(
    password: Zeroizing<Vec<u8>>,
    hash: &str,
    memory: &mut Vec<Block>,
) -> Result<bool, Failure> {
    let hash = PasswordHash::new(hash).map_err(Failure::internal)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Ok(false);
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(Failure::internal)?;
    let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from);
    let params = Params::try_from(&hash).map_err(Failure::internal)?;
    let argon2 = Argon2::new(algorithm, version.map_err(Failure::internal)?, params);
    let mut output = Zeroizing::new([0; Output::MAX_LENGTH]);
    let output = &mut output[..expected.len()];
    derive(&argon2, password, salt, output, memory)?;
    // Outputs are compared in constant time.
    Ok(Output::new(output).map_err(Failure::internal)? == *expected)
}

fn derive(
    argon2: &Argon2<'_>,
    password: Zeroizing<Vec<u8>>,
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Vec<Block>,
) -> Result<(), Failure> {
    let memory = memory::at_least(memory, argon2.params().block_count());
    let memory = memory.map_err(Failure::internal)?;
    argon2
        .hash_password_into_with_memory(&one_form(password), salt, output, memory)
        .map_err(Failure::internal)
}

/// A hash of ours as a PHC string.
fn phc(params: &Params, salt: &[u8], output: &[u8]) -> Result<String, Failure> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(Failure::internal)?,
        salt: Some(Salt::new(salt).map_err(Failure::internal)?),
        hash: Some(Output::new(output).map_err(Failure::internal)?),
    };
    Ok(hash.to_string())
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Failure::internal)?;
    Ok(bytes)
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
