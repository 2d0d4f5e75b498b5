//! Witnesses: others who sign a checkpoint after they have seen that the log has only grown since the
//! last that they signed (C2SP `tlog-witness`, `add-checkpoint`). One that does not answer holds nobody
//! up; one that has seen a later or another history is believed.

use super::{
    AuditLogError, TileFiles,
    claim::{Claim, Refusal},
    signers::Signers,
};
use audit_log::{PublicKey, SignedCheckpoint, consistency_proof};
use futures::future::join_all;
use reqwest::{Client, Response, StatusCode, redirect};
use serde::Deserialize;
use std::{fmt::Display, str::FromStr, time::Duration};
use tokio::time::Instant;
use url::Url;

/// How long a witness may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long one that failed is left in peace.
const REST: Duration = Duration::from_secs(30);
/// Bytes of an answer at most.
const LARGEST: usize = 1 << 16;

/// A witness as the settings name it: its public key and, behind a space, its submission prefix.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Witness {
    /// What its cosignatures are verified with.
    pub key: PublicKey,
    /// What `/add-checkpoint` is appended to.
    pub url: Url,
}

impl FromStr for Witness {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("witness: {text} is no witness, such as NAME+ID+KEY https://witness.example")
        };
        let (key, url) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let key: PublicKey = key.parse().map_err(|error| format!("witness: {error}"))?;
        let url = Url::parse(url.trim()).map_err(|_| wrong())?;
        let plain = matches!(url.scheme(), "http" | "https") && url.query().is_none();
        if !plain || !key.is_of_a_witness() {
            return Err(wrong());
        }
        Ok(Self { key, url })
    }
}

impl TryFrom<String> for Witness {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.key, self.url)
    }
}

/// The witnesses of this log, and what is known of each.
#[derive(Default)]
pub struct Witnesses(Vec<Known>);

struct Known {
    witness: Witness,
    client: Client,
    /// The size of the tree that it last signed.
    size: Option<u64>,
    /// When it may be asked again, after it has failed.
    rests_until: Option<Instant>,
}

/// What a witness answered.
enum Answer {
    /// It signed: its signature lines.
    Cosigned(String),
    /// It has signed a tree of this size, which the checkpoint's does not reach.
    Ahead(u64),
    /// It has signed another history, of this size.
    Different(u64),
    /// It did not sign, for a reason that says nothing about the log.
    Failed(String),
}

impl Witnesses {
    /// These witnesses.
    pub fn new(witnesses: &[Witness]) -> Result<Self, AuditLogError> {
        if witnesses.is_empty() {
            return Ok(Self::default());
        }
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("pawl/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|error| AuditLogError::Witnesses(error.to_string()))?;
        let known = |witness: &Witness| Known {
            witness: witness.clone(),
            client: client.clone(),
            size: None,
            rests_until: None,
        };
        Ok(Self(witnesses.iter().map(known).collect()))
    }

    /// What they say of the log beyond a checkpoint of it, all at once. One that has seen another history
    /// refuses.
    pub(super) async fn claims(
        &mut self,
        checkpoint: &SignedCheckpoint,
        files: &TileFiles,
    ) -> Result<Vec<Claim>, AuditLogError> {
        let asked = self.0.iter_mut().map(|known| async {
            let answer = known.ask(checkpoint, files).await;
            known.heard(&answer);
            match answer {
                Answer::Ahead(size) => Ok(Some(known.claim(size))),
                Answer::Different(size) => Err(known.claim(size).different()),
                Answer::Cosigned(_) | Answer::Failed(_) => Ok(None),
            }
        });
        let claims: Result<Vec<_>, Refusal> = join_all(asked).await.into_iter().collect();
        Ok(claims?.into_iter().flatten().collect())
    }

    /// Whether one of them should be asked to sign this.
    pub(super) fn are_due(&self, checkpoint: &SignedCheckpoint, signers: &Signers) -> bool {
        self.0.iter().any(|known| known.is_due(checkpoint, signers))
    }

    /// The checkpoint with the cosignatures of those who had not signed it yet, asked all at once. One
    /// that has seen more, or another history, refuses.
    pub(super) async fn cosign(
        &mut self,
        checkpoint: SignedCheckpoint,
        signers: &Signers,
        files: &TileFiles,
    ) -> Result<SignedCheckpoint, AuditLogError> {
        let due = self
            .0
            .iter_mut()
            .filter(|known| known.is_due(&checkpoint, signers));
        let asked = due.map(|known| async {
            let answer = known.ask(&checkpoint, files).await;
            known.heard(&answer);
            (known, answer)
        });
        let answers = join_all(asked).await;
        let mut cosigned = checkpoint.clone();
        for (known, answer) in answers {
            match answer {
                Answer::Cosigned(lines) => {
                    cosigned = cosigned
                        .with_cosignatures(&lines, std::slice::from_ref(&known.witness.key))?;
                }
                Answer::Ahead(size) => {
                    let found = checkpoint.unverified().size;
                    return Err(known.claim(size).shorter(found).into());
                }
                Answer::Different(size) => return Err(known.claim(size).different().into()),
                Answer::Failed(_) => {}
            }
        }
        Ok(cosigned)
    }
}

impl Known {
    fn is_due(&self, checkpoint: &SignedCheckpoint, signers: &Signers) -> bool {
        let rests = self.rests_until.is_some_and(|until| Instant::now() < until);
        let mut keys = signers.public();
        keys.push(self.witness.key.clone());
        let signed = checkpoint
            .verify(&keys)
            .is_ok_and(|(_, witnesses)| !witnesses.is_empty());
        !rests && !signed
    }

    /// Notes how it went, and says so when that has changed.
    fn heard(&mut self, answer: &Answer) {
        let name = self.witness.key.name();
        match answer {
            Answer::Failed(reason) => {
                metrics::counter!("pawl_witness_failures_total", "witness" => name.to_owned())
                    .increment(1);
                if self.rests_until.is_none() {
                    tracing::warn!(
                        witness = name,
                        reason,
                        "a witness does not sign; it will be asked again"
                    );
                }
                self.rests_until = Some(Instant::now() + REST);
            }
            _ if self.rests_until.take().is_some() => {
                tracing::info!(witness = name, "the witness answers again");
            }
            _ => {}
        }
    }

    /// What it says by having signed a tree of this size.
    fn claim(&self, size: u64) -> Claim {
        let name = self.witness.key.name();
        Claim {
            who: format!("what the witness {name} has signed"),
            size,
            root: None,
            remedy: "start without this witness".to_owned(),
        }
    }

    /// Asks it to sign, once more if it last signed another size than it was believed to have.
    async fn ask(&mut self, checkpoint: &SignedCheckpoint, files: &TileFiles) -> Answer {
        let size = checkpoint.unverified().size;
        let mut from = self.size.unwrap_or(size).min(size);
        for _ in 0..2 {
            let body = match submission(checkpoint, from, files) {
                Ok(body) => body,
                Err(error) => return Answer::Failed(error),
            };
            match self.submit(body).await {
                Ok((StatusCode::OK, lines)) => {
                    let key = std::slice::from_ref(&self.witness.key);
                    if let Err(error) = checkpoint.with_cosignatures(&lines, key) {
                        return Answer::Failed(format!("its answer: {error}"));
                    }
                    self.size = Some(size);
                    return Answer::Cosigned(lines);
                }
                Ok((StatusCode::CONFLICT, text)) => match text.trim_end().parse::<u64>() {
                    Ok(known) if known > size => return Answer::Ahead(known),
                    Ok(known) => (from, self.size) = (known, Some(known)),
                    Err(_) => return Answer::Failed("it does not say which size it knows".into()),
                },
                Ok((StatusCode::UNPROCESSABLE_ENTITY, _)) => return Answer::Different(from),
                Ok((status, _)) => return Answer::Failed(format!("it answers {status}")),
                Err(error) => return Answer::Failed(error.without_url().to_string()),
            }
        }
        Answer::Failed("somebody else submits checkpoints of this log".into())
    }

    async fn submit(&self, body: String) -> reqwest::Result<(StatusCode, String)> {
        let prefix = self.witness.url.as_str().trim_end_matches('/');
        let request = self
            .client
            .post(format!("{prefix}/add-checkpoint"))
            .body(body);
        let response = request.send().await?;
        Ok((response.status(), beginning(response).await?))
    }
}

/// What is sent: from which size the proof is, the proof, and the checkpoint.
fn submission(
    checkpoint: &SignedCheckpoint,
    from: u64,
    files: &TileFiles,
) -> Result<String, String> {
    let now = checkpoint.unverified();
    let proof = if from == now.size {
        Vec::new()
    } else {
        consistency_proof(from, now, files).map_err(|error| error.to_string())?
    };
    let lines: String = proof
        .iter()
        .flat_map(|hash| [hash.to_string(), "\n".into()])
        .collect();
    Ok(format!("old {from}\n{lines}\n{checkpoint}"))
}

/// No more of an answer than a witness has reason to send.
async fn beginning(mut response: Response) -> reqwest::Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await?
        && bytes.len() < LARGEST
    {
        bytes.extend(chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
