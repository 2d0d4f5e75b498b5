//! What identifies a command and the request that brought it.

use super::BrowserToken;
use eventstore_schema::CommandId;
use uuid::Uuid;

/// The request that a command belongs to.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The command. A retry under the same idempotency key has the same id.
    pub command_id: CommandId,
    /// A keyed digest of the command's content, where there is an idempotency key.
    pub command_digest: Option<String>,
    /// The request, for tracing it through logs and events.
    pub correlation_id: Uuid,
    /// The browser, where it lets itself be known again.
    pub browser: Option<BrowserToken>,
}

impl RequestContext {
    /// A command that no retry repeats, of a request that asked for something else.
    #[must_use]
    pub fn fresh() -> Self {
        Self {
            command_id: CommandId(Uuid::now_v7()),
            command_digest: None,
            correlation_id: Uuid::now_v7(),
            browser: None,
        }
    }

    /// The same request with a command that no retry repeats.
    pub(super) fn once(&self) -> Self {
        Self {
            command_id: CommandId(Uuid::now_v7()),
            command_digest: None,
            correlation_id: self.correlation_id,
            browser: self.browser.clone(),
        }
    }

    /// An id that this command, and every retry of it, gives to what it creates.
    pub(super) fn derived_id(&self, kind: &str) -> Uuid {
        Uuid::new_v5(&self.command_id.0, kind.as_bytes())
    }
}
