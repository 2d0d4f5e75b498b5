//! The table of who may do what, as it stands in `docs/permissions.md`. It is made from the one in
//! `domain` and decides nothing.

use domain::{
    Permission,
    permission::{ROLES, allows, may_give},
};
use eventstore_schema::Role;
use std::fmt::Write as _;

/// The name of a role.
fn name(role: Role) -> &'static str {
    match role {
        Role::Admin => "Account Administrator",
        Role::UserManager => "User Manager",
        Role::Auditor => "Auditor",
        Role::Analyst => "Analyst",
        Role::Member => "Member",
    }
}

/// The table as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = "# Who may do what\n\n\
        Written by `cargo run -- permissions > docs/permissions.md` from the one table that decides it\n\
        (`domain/src/permission.rs`). Each cell is tried over HTTP by `tests/scenarios` (`permissions`).\n\n\
        Everybody may look after their own account. What asks for a second factor shown in the last five\n\
        minutes, and what nobody may do to themselves, is said with each call in `openapi.json`.\n\n"
        .to_owned();
    table(
        &mut text,
        "",
        Permission::ALL.iter().map(|permission| {
            let cells = ROLES.map(|role| allows(role, *permission));
            (permission.does(), cells)
        }),
    );
    text.push_str(
        "\n## Who may give which role\n\nNobody gives a role that may do more than their own, or manages \
         somebody who has such a role.\n\n",
    );
    table(
        &mut text,
        "gives",
        ROLES.into_iter().map(|giver| {
            let cells =
                ROLES.map(|role| allows(giver, Permission::InviteUsers) && may_give(giver, role));
            (name(giver), cells)
        }),
    );
    text
}

fn table<'a>(text: &mut String, corner: &str, rows: impl Iterator<Item = (&'a str, [bool; 5])>) {
    let titles = ROLES.map(name).join(" | ");
    // Writing to a string does not fail.
    let _ = writeln!(text, "| {corner} | {titles} |\n|---|:-:|:-:|:-:|:-:|:-:|");
    for (title, cells) in rows {
        let cells = cells.map(|yes| if yes { "yes" } else { "" }).join(" | ");
        let _ = writeln!(text, "| {title} | {cells} |");
    }
}
