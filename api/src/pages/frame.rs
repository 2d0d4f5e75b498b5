//! What stands around every page: the language, the organization, the person, and where they can go
//! from there.

use super::{
    brand::Brand,
    detour::Detour,
    words::{Language, Sentence},
};
use crate::application::{Failure, Pawl};
use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{NextStep, Permission, SessionHolder, permission::allows};
use eventstore_schema::{Factor, Role};
use projections::users::Status;
use uuid::Uuid;

/// Who is signed in, as far as a page shows it.
#[derive(Debug)]
pub struct Who {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// What they are there.
    pub role: Role,
    /// Whether their session lacks nothing.
    pub is_signed_in: bool,
}

/// What stands around a page.
#[derive(Debug)]
pub struct Frame {
    /// The language of the page.
    pub language: Language,
    /// Whose page it is.
    pub brand: Brand,
    /// Who is signed in.
    pub who: Option<Who>,
    /// What has just been done, as a sentence.
    pub notice: Option<String>,
    here: &'static str,
}

/// A part of the navigation.
pub struct Group {
    /// What it is called.
    pub title: String,
    /// Where it leads.
    pub links: Vec<Link>,
}

/// A line of the navigation.
pub struct Link {
    /// Where it leads.
    pub to: &'static str,
    /// What it is called.
    pub title: String,
    /// Whether this is it.
    pub here: bool,
}

/// The console: group, path, sentence, and the right without which it is not shown.
const CONSOLE: &[(&str, &str, &str, Permission)] = &[
    (
        "nav-overview",
        "/console",
        "nav-home",
        Permission::ReadAdoption,
    ),
    (
        "nav-overview",
        "/console/analytics",
        "nav-analytics",
        Permission::ReadAnalytics,
    ),
    (
        "nav-administration",
        "/console/users",
        "nav-users",
        Permission::ReadUsers,
    ),
    (
        "nav-administration",
        "/console/audit",
        "nav-audit",
        Permission::ReadAudit,
    ),
    (
        "nav-configuration",
        "/console/security",
        "nav-security",
        Permission::ReadUsers,
    ),
    (
        "nav-configuration",
        "/console/organization",
        "nav-organization",
        Permission::ManageOrganization,
    ),
    (
        "nav-configuration",
        "/console/api-credentials",
        "nav-api-credentials",
        Permission::ManageApiCredentials,
    ),
];

impl Frame {
    /// A frame.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self {
            language,
            brand: Brand::default(),
            who: None,
            notice: None,
            here: "",
        }
    }

    /// The frame for the holder of a session.
    pub async fn of(
        pawl: &Pawl,
        language: Language,
        holder: &SessionHolder,
    ) -> Result<Self, Failure> {
        let organization = pawl.organization(holder.organization()).await?;
        let person = pawl.person(holder).await?;
        let who = Who {
            name: person.name,
            email: person.email,
            role: holder.role(),
            is_signed_in: holder.next() == NextStep::Done,
        };
        Ok(Self {
            who: Some(who),
            ..Self::new(language).for_people_of(Brand::of(holder.organization(), &organization))
        })
    }

    /// Shows the page as an organization's.
    #[must_use]
    pub fn for_people_of(mut self, brand: Brand) -> Self {
        self.brand = brand;
        self
    }

    /// Says where in the navigation the page stands.
    #[must_use]
    pub fn at(mut self, here: &'static str) -> Self {
        self.here = here;
        self
    }

    /// Says what has just been done. Only what has a sentence is said.
    #[must_use]
    pub fn noticing(mut self, done: Option<&str>) -> Self {
        self.notice = done.and_then(|done| {
            let name = format!("done-{done}");
            let text = self.language.say(&name).to_string();
            (text != name).then_some(text)
        });
        self
    }

    /// The sentence of this name.
    #[must_use]
    pub fn say<'a>(&self, name: &'a str) -> Sentence<'a> {
        self.language.say(name)
    }

    /// Where the person can go.
    #[must_use]
    pub fn navigation(&self) -> Vec<Group> {
        let mut groups: Vec<(&str, Group)> = Vec::new();
        let Some(who) = self.who.as_ref().filter(|who| who.is_signed_in) else {
            return Vec::new();
        };
        for (group, to, title, permission) in CONSOLE {
            if !allows(who.role, *permission) {
                continue;
            }
            let link = Link {
                to,
                title: self.say(title).to_string(),
                here: *to == self.here,
            };
            if let Some((_, last)) = groups.last_mut().filter(|(name, _)| name == group) {
                last.links.push(link);
            } else {
                let title = self.say(group).to_string();
                let links = vec![link];
                groups.push((group, Group { title, links }));
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Whether the page is the person's own account.
    #[must_use]
    pub fn is_account(&self) -> bool {
        self.here == "/account"
    }
}

/// What templates ask for. They pass everything by reference, and have nothing to ask but the frame.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "that is how templates call"
)]
impl Frame {
    /// The name of a role.
    #[must_use]
    pub fn role(&self, role: &Role) -> String {
        let name = match role {
            Role::Admin => "role-admin",
            Role::UserManager => "role-user-manager",
            Role::Auditor => "role-auditor",
            Role::Analyst => "role-analyst",
            Role::Member => "role-member",
        };
        self.language.say(name).to_string()
    }

    /// A role as a form sends it.
    #[must_use]
    pub fn word(&self, role: &Role) -> String {
        serde_json::to_value(role)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The name of a factor.
    #[must_use]
    pub fn factor(&self, factor: &Factor) -> String {
        let name = match factor {
            Factor::Password => "factor-password",
            Factor::Otp => "factor-otp",
            Factor::RecoveryCode => "factor-recovery-code",
        };
        self.language.say(name).to_string()
    }

    /// The name of a person's standing.
    #[must_use]
    pub fn status(&self, status: &Status) -> String {
        let name = match status {
            Status::Invited => "status-invited",
            Status::Active => "status-active",
            Status::Disabled => "status-disabled",
            Status::Revoked => "status-revoked",
            Status::Erased => "status-erased",
        };
        self.language.say(name).to_string()
    }

    /// A point in time, the same for readers everywhere.
    #[must_use]
    pub fn moment(&self, time: &DateTime<Utc>) -> String {
        time.format("%Y-%m-%d %H:%M UTC").to_string()
    }

    /// A key for a form.
    #[must_use]
    pub fn key(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A page as an answer. Nothing of it is kept by browsers, so that going back shows nobody what a
/// session that has ended could see.
pub fn show(status: StatusCode, page: &impl Template) -> Result<Response, Detour> {
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((status, no_store, Html(page.render()?)).into_response())
}
