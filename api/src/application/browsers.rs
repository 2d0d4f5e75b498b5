//! Browsers that let themselves be known again, by a random text that they keep. The log knows each by
//! a keyed digest, another one for each person, so that it does not tell who shares a browser.

use super::{Failure, Pawl, RequestContext};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use eventstore_schema::{BrowserDigest, UserId};
use secrecy::{ExposeSecret as _, SecretString};

/// Random bytes of the text.
const BYTES: usize = 16;

/// What a browser keeps.
#[derive(Clone, Debug)]
pub struct BrowserToken(SecretString);

impl BrowserToken {
    /// That of a browser that had none.
    pub fn random() -> Result<Self, Failure> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(Failure::internal)?;
        Ok(Self(BASE64URL_NOPAD.encode(&bytes).into()))
    }

    /// Reads one. What does not look like one is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        (bytes.len() == BYTES).then(|| Self(text.into()))
    }

    /// As the browser keeps it.
    #[must_use]
    pub fn as_text(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Pawl {
    /// The browser of a request, as the log knows it when this person uses it.
    pub(super) fn browser_of(
        &self,
        request: &RequestContext,
        user: UserId,
    ) -> Option<BrowserDigest> {
        let token = request.browser.as_ref()?;
        let message = [user.0.as_bytes(), token.as_text().as_bytes()].concat();
        let mac = self.keyring().mac("browser", &message);
        Some(BrowserDigest(HEXLOWER.encode(&mac)))
    }
}
