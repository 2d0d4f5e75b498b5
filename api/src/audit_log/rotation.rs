//! `pawl keys rotate-signer`: a new key for the checkpoints beside the older one, and the end of the
//! older one. A server that runs sees it at its next look at the keys.

use super::{Anchor, Signers};
use crate::{
    settings::Settings,
    storage::{self, StartError},
};
use audit_log::PublicKey;

/// Makes a new key, with which checkpoints are signed too from now on; its public half.
pub async fn renew(settings: &Settings) -> Result<PublicKey, StartError> {
    let keyring = storage::open_keyring(settings)?;
    let signers = Signers::of_or_first(&keyring).await?;
    let newest = signers.with_next(&keyring).await?.newest();
    newest.ok_or_else(|| "the new key is not there".into())
}

/// Destroys every key but the newest; its public half. It must have signed what the older ones have: the
/// newest checkpoint, and the anchor, by which the log would not be known again without them.
pub async fn retire(settings: &Settings) -> Result<PublicKey, StartError> {
    let keyring = storage::open_keyring(settings)?;
    let signers = Signers::of(&keyring)?;
    let newest = match signers.newest() {
        Some(newest) if signers.public().len() > 1 => newest,
        _ => return Err("there is no older key to retire: make a new one first".into()),
    };
    let published = settings.audit_log().checkpoint()?;
    let signed = published.is_some_and(|it| it.verify(std::slice::from_ref(&newest)).is_ok());
    let anchored = match &settings.anchor {
        Some(file) => {
            Anchor::outside(file, &[&settings.data, &settings.shared])?.is_signed_by(&newest)?
        }
        None => true,
    };
    if !signed || !anchored {
        return Err(
            "the new key has not signed a checkpoint yet: start the server, and retire the older \
             key when it has"
                .into(),
        );
    }
    signers.newest_alone(&keyring).await?;
    Ok(newest)
}
