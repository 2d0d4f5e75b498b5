//! What protects the log on a server that others can reach: only its administrators may delete or
//! shorten streams and change what is written about them, unless a stream says otherwise.

use super::{Log, Node, fault::Fault, read::absent};
use kurrentdb::{AppendToStreamOptions, Error, EventData, ReadStreamOptions, StreamState};
use serde_json::{Value, json};
use std::sync::Arc;

const SETTINGS: &str = "$settings";
/// The type is nothing that the server looks at; this is what its documentation uses.
const TYPE: &str = "update-default-acl";
const ADMINS: &str = "$admins";
/// A code of gRPC.
const INVALID_ARGUMENT: i32 = 3;

impl Log {
    /// Sees to the default rights. A server that does not let Pawl is used as it is.
    pub(super) async fn protect(&self) {
        if let Err(fault) = self.set_default_rights().await {
            let reason = crate::StoreError::from(fault);
            tracing::warn!(
                %reason,
                "KurrentDB was not told that only $admins may delete streams and change their \
                 metadata; set $d and $mw of $userStreamAcl in its stream $settings"
            );
        }
    }

    async fn set_default_rights(&self) -> Result<(), Fault> {
        let until = self.connection.until();
        let (found, expected) = self.settings().await?;
        let Some(settings) = protected(found) else {
            return Ok(());
        };
        let event = EventData::json(TYPE, &settings).map_err(|_| refused())?;
        let node = self.connection.node().await?;
        let options = AppendToStreamOptions::default()
            .stream_state(expected)
            .deadline(self.connection.patience());
        let options = self.with_credentials(options);
        let written = node.client.append_to_stream(SETTINGS, &options, event);
        let written = Box::pin(async {
            match written.await {
                // A server that has no such stream, as Pawl's own, has no such rights to give away.
                Err(Error::Grpc { code, .. }) if i32::from(code) == INVALID_ARGUMENT => Ok(None),
                outcome => outcome.map(Some),
            }
        });
        if self.connection.step(until, written).await?.is_none() {
            return Ok(());
        }
        tracing::info!("KurrentDB now lets only $admins delete streams and change their metadata");
        Ok(())
    }

    /// The settings as they are, and what an append to them has to expect.
    async fn settings(&self) -> Result<(Option<Value>, StreamState), Fault> {
        let until = self.connection.until();
        let options = ReadStreamOptions::default()
            .position(kurrentdb::StreamPosition::End)
            .backwards()
            .max_count(1);
        let options = self.with_credentials(options);
        let read = |node: Arc<Node>| {
            let options = options.clone();
            async move {
                let last = async {
                    match node.client.read_stream(SETTINGS, &options).await {
                        Ok(mut read) => read.next().await,
                        Err(error) => Err(error),
                    }
                };
                let last = async { last.await.or_else(absent) };
                self.connection.step(until, last).await
            }
        };
        let last = self.connection.ask(until, read).await?;
        let Some(event) = last.and_then(|last| last.event) else {
            return Ok((None, StreamState::NoStream));
        };
        let settings = event.as_json().map_err(|_| refused())?;
        Ok((Some(settings), StreamState::StreamRevision(event.revision)))
    }
}

/// Settings that are not to be overwritten, as nobody knows what they mean.
fn refused() -> Fault {
    crate::StoreError::Foreign("its stream $settings is not what KurrentDB writes there".into())
        .into()
}

/// The settings with the log protected, and otherwise as they were; `None` where they are so
/// already.
fn protected(found: Option<Value>) -> Option<Value> {
    let everybody = json!({"$r": "$all", "$w": "$all", "$d": "$all", "$mr": "$all", "$mw": "$all"});
    let admins = json!({"$r": ADMINS, "$w": ADMINS, "$d": ADMINS, "$mr": ADMINS, "$mw": ADMINS});
    let before = found.clone();
    let mut settings = found.unwrap_or_else(|| json!({}));
    let object = settings.as_object_mut()?;
    object.entry("$systemStreamAcl").or_insert(admins);
    let streams = object.entry("$userStreamAcl").or_insert(everybody);
    let rights = streams.as_object_mut()?;
    for right in ["$d", "$mw"] {
        let now = rights.get(right);
        if now.is_none_or(|now| *now != ADMINS && *now != json!([ADMINS])) {
            rights.insert(right.into(), json!(ADMINS));
        }
    }
    (before.as_ref() != Some(&settings)).then_some(settings)
}

#[cfg(test)]
mod tests {
    use super::protected;
    use serde_json::json;

    #[test]
    fn only_what_protects_the_log_is_changed() {
        let fresh = protected(None).unwrap();
        assert_eq!(fresh["$userStreamAcl"]["$d"], "$admins");
        assert_eq!(fresh["$userStreamAcl"]["$mw"], "$admins");
        assert_eq!(fresh["$userStreamAcl"]["$w"], "$all");
        assert_eq!(fresh["$systemStreamAcl"]["$r"], "$admins");
        assert_eq!(protected(Some(fresh)), None);

        let theirs = json!({
            "$userStreamAcl": {"$r": ["staff"], "$d": ["$admins"], "$mw": "$ops"},
            "$systemStreamAcl": {"$r": "$ops"},
            "other": 1,
        });
        let ours = protected(Some(theirs)).unwrap();
        let expected = json!({
            "$userStreamAcl": {"$r": ["staff"], "$d": ["$admins"], "$mw": "$admins"},
            "$systemStreamAcl": {"$r": "$ops"},
            "other": 1,
        });
        assert_eq!(ours, expected);
    }

    #[test]
    fn settings_that_are_not_understood_are_left_alone() {
        assert_eq!(protected(Some(json!("?"))), None);
        assert_eq!(protected(Some(json!({"$userStreamAcl": 7}))), None);
    }
}
