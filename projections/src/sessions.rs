//! Sessions, as their owners see them. Which of them open anything, the log alone decides.

use crate::{
    DatabaseError, Projection, ProjectionError, Readers, Rows, Table,
    projection::user_of,
    rows::values,
    sql::{
        Row, SqlError, params,
        value::{Micros, Text, Whole},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    BrowserDigest, Event, Factor, Position, Recorded, SessionEvent, SessionId, StreamName,
    UserEvent, UserId,
};

/// The read model behind `/me/sessions`.
pub struct Sessions;

const SESSIONS: Table = Table {
    name: "sessions",
    columns: "session_id TEXT NOT NULL,
                  user_id TEXT NOT NULL,
                  position BIGINT NOT NULL,
                  started_at BIGINT NOT NULL,
                  last_event_at BIGINT NOT NULL,
                  otp_at BIGINT,
                  recovery_code_at BIGINT,
                  signed_in_at BIGINT,
                  expires_at BIGINT NOT NULL,
                  ended_at BIGINT,
                  browser TEXT,
                  signed_in_position BIGINT",
    key: &["session_id"],
    indexes: &[
        "(user_id, browser, signed_in_position) WHERE signed_in_position IS NOT NULL",
        "(user_id, expires_at) WHERE ended_at IS NULL",
    ],
};

/// What ended all sessions of a person at once: the last such event. It touches no session's row, however
/// many there are.
const ENDED: Table = Table {
    name: "sessions_ended",
    columns: "user_id TEXT NOT NULL,
                  position BIGINT NOT NULL,
                  spared TEXT",
    key: &["user_id"],
    indexes: &[],
};

impl Projection for Sessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> &'static [Table] {
        &[SESSIONS, ENDED]
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let what = match &event.data {
            Event::Session(what) => what,
            Event::User(what) => return end_at_once(rows, event, what),
            _ => return Ok(()),
        };
        let session = Text(session_of(&event.stream)?);
        let at = Micros(event.metadata.recorded_at);
        let values = match what {
            SessionEvent::SessionStarted(started) => {
                return rows.insert(
                    &SESSIONS,
                    params![session],
                    values! {
                        user_id = Text(started.user_id),
                        position = Whole(event.position.0),
                        started_at = at,
                        last_event_at = at,
                        expires_at = Micros(started.expires_at),
                        browser = started.browser.as_ref().map(Text),
                    },
                );
            }
            SessionEvent::SecondFactorAccepted(_) => values! { otp_at = at, last_event_at = at },
            SessionEvent::RecoveryCodeAccepted(_) => {
                values! { recovery_code_at = at, last_event_at = at }
            }
            SessionEvent::SignedIn(_) => values! {
                signed_in_at = at,
                last_event_at = at,
                signed_in_position = Whole(event.position.0),
            },
            SessionEvent::SessionUsed(_) => values! { last_event_at = at },
            SessionEvent::SessionEnded(_) => values! { ended_at = at, last_event_at = at },
        };
        rows.update(&SESSIONS, params![session], values)
    }
}

/// Ends the sessions that a person has by now, where something happened that ends them, save the one in
/// which they did it themselves: as `domain::user` has it.
fn end_at_once(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    what: &UserEvent,
) -> Result<(), ProjectionError> {
    let spared = match what {
        UserEvent::PasswordChanged(changed) => Some(Text(changed.session_id)),
        UserEvent::PasswordReset(_)
        | UserEvent::RoleChanged(_)
        | UserEvent::UserDisabled(_)
        | UserEvent::UserErased(_)
        | UserEvent::OtpDevicesReset(_) => None,
        _ => return Ok(()),
    };
    rows.put(
        &ENDED,
        params![Text(user_of(&event.stream)?)],
        values! {},
        values! { position = Whole(event.position.0), spared = spared },
    )
}

fn session_of(stream: &StreamName) -> Result<SessionId, ProjectionError> {
    stream
        .as_str()
        .strip_prefix("session-")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| ProjectionError::Stream(stream.clone()))
}

/// A session that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub session_id: SessionId,
    /// When the password was shown.
    pub started_at: DateTime<Utc>,
    /// When something last happened to it. Its use is noted now and then.
    pub last_event_at: DateTime<Utc>,
    /// When every factor that was required then had been shown, if that came to pass.
    pub signed_in_at: Option<DateTime<Utc>>,
    /// The factors shown.
    pub factors: Vec<Factor>,
    /// Its end at the latest.
    pub expires_at: DateTime<Utc>,
}

/// The sessions of a person that are open at this time, newest first, `limit` of them at most. Those of
/// which nothing was noted for as long as `idle` are over.
pub fn open_of(
    readers: &Readers,
    user_id: UserId,
    (at, idle): (DateTime<Utc>, TimeDelta),
    limit: u32,
) -> Result<Vec<Session>, DatabaseError> {
    readers.read(|view| {
        let sessions = view.all(
            "SELECT sessions.* FROM sessions
                 LEFT JOIN sessions_ended ON sessions_ended.user_id = sessions.user_id
                 WHERE sessions.user_id = ?1 AND ended_at IS NULL AND expires_at > ?2
                     AND last_event_at > ?3
                     AND (sessions_ended.position IS NULL
                         OR sessions.position > sessions_ended.position
                         OR session_id = spared)
                 ORDER BY started_at DESC, session_id LIMIT ?4",
            params![Text(user_id), Micros(at), Micros(at - idle), limit],
            session_from,
        )?;
        Ok(sessions)
    })
}

/// What is known of the sign-ins of a person before one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Whether there was any.
    pub any: bool,
    /// Whether there was one in the same browser. Nobody's without a browser is the same.
    pub same_browser: bool,
}

/// The sign-ins of a person before the one at this position. What ended before every factor had been
/// shown is none.
pub fn before(
    readers: &Readers,
    user_id: UserId,
    browser: Option<BrowserDigest>,
    position: Position,
) -> Result<Before, DatabaseError> {
    readers.read(|view| {
        let before = view.first(
            "SELECT EXISTS (SELECT 1 FROM sessions
                                WHERE user_id = ?1 AND signed_in_position < ?2),
                        EXISTS (SELECT 1 FROM sessions
                                WHERE user_id = ?1 AND browser = ?3 AND signed_in_position < ?2)",
            params![Text(user_id), Whole(position.0), browser.map(Text)],
            |row| {
                Ok(Before {
                    any: row.at(0)?,
                    same_browser: row.at(1)?,
                })
            },
        )?;
        Ok(before.unwrap_or(Before {
            any: false,
            same_browser: false,
        }))
    })
}

fn session_from(row: &Row<'_>) -> Result<Session, SqlError> {
    let time = |column| Ok::<_, SqlError>(row.get::<Option<Micros>>(column)?.map(|at| at.0));
    let otp = time("otp_at")?.map(|_| Factor::Otp);
    let recovery_code = time("recovery_code_at")?.map(|_| Factor::RecoveryCode);
    Ok(Session {
        session_id: row.get::<Text<_>>("session_id")?.0,
        started_at: row.get::<Micros>("started_at")?.0,
        last_event_at: row.get::<Micros>("last_event_at")?.0,
        signed_in_at: time("signed_in_at")?,
        factors: std::iter::once(Factor::Password)
            .chain(otp)
            .chain(recovery_code)
            .collect(),
        expires_at: row.get::<Micros>("expires_at")?.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, at, readers_of};
    use eventstore_schema::Role;

    const IDLE: TimeDelta = TimeDelta::hours(1);

    #[test]
    fn open_sessions_are_listed_newest_first_until_they_end_or_expire() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let [ada, grace] = [(); 2].map(|()| history.registered(acme));
        let first = history.signed_in(ada);
        let second = history.signed_in(ada);
        history.signed_in(grace);
        history.second_factor_accepted(ada, first);
        let third = history.signed_in(ada);
        let (_directory, readers) = readers_of(&history);
        let open = |readers: &Readers, now, limit| -> Vec<_> {
            let sessions = open_of(readers, ada.0, (now, IDLE), limit).unwrap();
            sessions.iter().map(|session| session.session_id).collect()
        };
        assert_eq!(open(&readers, at(0), 9), [third, second, first]);
        assert_eq!(open(&readers, at(0), 2), [third, second]);
        let sessions = open_of(&readers, ada.0, (at(0), IDLE), 9).unwrap();
        assert_eq!(
            sessions[2],
            Session {
                session_id: first,
                started_at: at(3),
                last_event_at: at(9),
                signed_in_at: Some(at(4)),
                factors: vec![Factor::Password, Factor::Otp],
                expires_at: at(1_003),
            }
        );
        assert_eq!(sessions[0].factors, [Factor::Password]);

        // A session is over at its end, not only after it.
        assert_eq!(open(&readers, at(1_003), 9), [third, second]);
        history.session_ended(ada, second);
        let (_directory, readers) = readers_of(&history);
        assert_eq!(open(&readers, at(0), 9), [third, first]);
    }

    #[test]
    fn a_session_that_rests_is_open_until_its_use_was_noted_too_long_ago() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let ada = history.registered(acme);
        let session = history.signed_in(ada);
        history.session_used(ada, session);
        let (_directory, readers) = readers_of(&history);
        let open = |now| open_of(&readers, ada.0, (now, TimeDelta::seconds(10)), 9).unwrap();
        let noted = open(at(0))[0].last_event_at;
        assert_eq!(noted, at(history.events.len() - 1));
        assert_eq!(open(noted + TimeDelta::seconds(9)).len(), 1);
        assert_eq!(open(noted + TimeDelta::seconds(10)).len(), 0);
    }

    #[test]
    fn what_ends_all_sessions_of_a_person_ends_them_here_as_well() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let [ada, grace] = [(); 2].map(|()| history.registered(acme));
        let hers = history.signed_in(grace);
        let open = |history: &History, person| -> Vec<_> {
            let (_directory, readers) = readers_of(history);
            let open = open_of(&readers, person, (at(0), IDLE), 9).unwrap();
            open.iter().map(|session| session.session_id).collect()
        };
        let loses_a_right = |history: &mut History, person| {
            history.role_changed(person, Role::Analyst);
        };
        for end in [
            History::password_reset,
            History::disabled,
            History::devices_reset,
            History::erased,
            loses_a_right,
        ] {
            history.signed_in(ada);
            history.signed_in(ada);
            assert_eq!(open(&history, ada.0).len(), 2);
            end(&mut history, ada);
            assert_eq!(open(&history, ada.0), []);
        }
        // In a session of hers, which goes on.
        history.password_changed_in(grace, hers);
        assert_eq!(open(&history, grace.0), [hers]);
        let another = history.signed_in(grace);
        assert_eq!(open(&history, grace.0), [another, hers]);
        history.password_changed_in(grace, another);
        assert_eq!(open(&history, grace.0), [another]);
    }

    #[test]
    fn sign_ins_before_another_are_those_that_were_completed_before_it() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let [ada, grace] = [(); 2].map(|()| history.registered(acme));
        let mut expected = Vec::new();
        let mut expect = |history: &History, browser: Option<&str>, any, same_browser| {
            let browser = browser.map(|browser| BrowserDigest(browser.into()));
            let before = Before { any, same_browser };
            expected.push((browser, history.head(), before));
        };
        history.signed_in_with(grace, Some("laptop"));
        history.signed_in_with(ada, Some("laptop"));
        expect(&history, Some("laptop"), false, false);
        history.signed_in_with(ada, Some("laptop"));
        expect(&history, Some("laptop"), true, true);
        // Whoever knows the password alone does not make a browser known.
        history.half_signed_in_with(ada, Some("theirs"));
        history.signed_in_with(ada, Some("theirs"));
        expect(&history, Some("theirs"), true, false);
        history.signed_in_with(ada, None);
        expect(&history, None, true, false);
        history.signed_in_with(ada, None);
        expect(&history, None, true, false);
        let (_directory, readers) = readers_of(&history);
        for (browser, position, expected) in expected {
            let found = before(&readers, ada.0, browser.clone(), position).unwrap();
            assert_eq!(found, expected, "{browser:?} at {position}");
        }
    }
}
