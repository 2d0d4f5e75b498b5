//! How an organization shows itself to its people.

use super::{AccentColor, Logo, Organization};
use crate::{
    Decide, Decision, Mandate, Permission, Rejection, decider::emit_all, value::OrganizationName,
};
use eventstore_schema::{AccentColorChanged, LogoChanged, OrganizationEvent, OrganizationRenamed};

/// Gives the organization another name, color or logo. What is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChangeAppearance {
    /// The new name.
    pub name: Option<OrganizationName>,
    /// The new color, or none.
    pub accent_color: Option<Option<AccentColor>>,
    /// The new logo, or none.
    pub logo: Option<Option<Logo>>,
}

impl Decide<ChangeAppearance> for Organization {
    type By = Mandate;

    fn decide(&self, command: ChangeAppearance, by: &Mandate) -> Decision<OrganizationEvent> {
        by.permit(
            Permission::ManageOrganization,
            self.id.ok_or(Rejection::NotFound)?,
        )?;
        let mut events = Vec::new();
        if let Some(name) = command.name
            && name.as_str() != self.name
        {
            let name = name.as_str().to_owned();
            events.push(OrganizationRenamed { name }.into());
        }
        if let Some(color) = command.accent_color
            && color != self.accent_color
        {
            let accent_color = color.map(|color| color.to_string());
            events.push(AccentColorChanged { accent_color }.into());
        }
        if let Some(logo) = command.logo
            && logo != self.logo
        {
            let logo = logo.map(|logo| logo.to_base64());
            events.push(LogoChanged { logo }.into());
        }
        emit_all(events)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::logo::tests::png, *};
    use crate::testing::*;
    use eventstore_schema::Role;

    const GREEN: &str = "#0b5c3f";

    fn renamed(name: &str) -> OrganizationEvent {
        OrganizationRenamed { name: name.into() }.into()
    }

    fn colored(color: Option<&str>) -> OrganizationEvent {
        let accent_color = color.map(str::to_owned);
        AccentColorChanged { accent_color }.into()
    }

    fn with_logo(logo: Option<String>) -> OrganizationEvent {
        LogoChanged { logo }.into()
    }

    fn everything() -> ChangeAppearance {
        ChangeAppearance {
            name: Some(OrganizationName::parse("Acme and Sons").unwrap()),
            accent_color: Some(Some(AccentColor::parse(GREEN).unwrap())),
            logo: Some(Some(Logo::parse(&png(1, 1, 0)).unwrap())),
        }
    }

    fn changed() -> [OrganizationEvent; 3] {
        [
            renamed("Acme and Sons"),
            colored(Some(GREEN)),
            with_logo(Some(png(1, 1, 0))),
        ]
    }

    #[test]
    fn an_admin_changes_how_the_organization_looks() {
        given(organization(false))
            .when::<Organization, _>(everything(), &authority(Role::Admin))
            .then(changed());
    }

    #[test]
    fn what_stays_the_same_is_not_recorded() {
        let history = || organization(false).into_iter().chain(changed());
        given(history())
            .when::<Organization, _>(everything(), &authority(Role::Admin))
            .then_nothing();
        given(history())
            .when::<Organization, _>(ChangeAppearance::default(), &authority(Role::Admin))
            .then_nothing();
        let another = ChangeAppearance {
            name: Some(OrganizationName::parse("Acme").unwrap()),
            ..everything()
        };
        given(history())
            .when::<Organization, _>(another, &authority(Role::Admin))
            .then([renamed("Acme")]);
    }

    #[test]
    fn color_and_logo_can_be_taken_away() {
        let plain = || ChangeAppearance {
            name: None,
            accent_color: Some(None),
            logo: Some(None),
        };
        given(organization(false).into_iter().chain(changed()))
            .when::<Organization, _>(plain(), &authority(Role::Admin))
            .then([colored(None), with_logo(None)]);
        given(organization(false))
            .when::<Organization, _>(plain(), &authority(Role::Admin))
            .then_nothing();
    }

    #[test]
    fn the_organization_is_as_its_events_say() {
        let acme = state::<Organization>(organization(false).into_iter().chain(changed()));
        assert_eq!(acme.name(), Some("Acme and Sons"));
        assert_eq!(acme.accent_color(), AccentColor::parse(GREEN).ok());
        assert_eq!(acme.logo(), Logo::parse(&png(1, 1, 0)).ok().as_ref());
    }

    #[test]
    fn only_an_admin_of_the_organization_changes_it() {
        for role in [
            Role::UserManager,
            Role::Auditor,
            Role::Analyst,
            Role::Member,
        ] {
            given(organization(false))
                .when::<Organization, _>(everything(), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
        given(organization(false))
            .when::<Organization, _>(everything(), &authority_elsewhere(Role::Admin))
            .then_rejected(&Rejection::NotFound);
    }
}
