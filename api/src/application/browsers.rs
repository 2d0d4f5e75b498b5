//! Browsers that let themselves be known again, by a random text that they keep. The log knows each by
//! a keyed digest, another one for each person, so that it does not tell who shares a browser.

use super::{Failure, Pawl, RequestContext};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use eventstore_schema::{BrowserDigest, Position, UserId};
use projections::sessions::{self, Sessions};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

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

    /// The same, where this person has signed in with it before, as far as the read model knows. For
    /// nobody the work is the same as for somebody.
    pub(super) async fn known_browser_of(
        &self,
        request: &RequestContext,
        user: Option<UserId>,
    ) -> Option<BrowserDigest> {
        let asked = user.unwrap_or(UserId(Uuid::nil()));
        let browser = self.browser_of(request, asked)?;
        let digest = Some(browser.clone());
        let before = self
            .query(&Sessions, move |readers| {
                sessions::before(readers, asked, digest, Position::END)
            })
            .await
            .inspect_err(|error| tracing::warn!(%error, "a browser is taken for unknown"));
        before
            .is_ok_and(|before| before.same_browser)
            .then_some(browser)
    }
}
