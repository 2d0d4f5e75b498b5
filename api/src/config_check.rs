//! `pawl config check`: the settings that are in force, without the secrets in them, and an error where
//! one of them cannot be used.

#![expect(clippy::print_stdout, reason = "it is a command line")]

use crate::{mail::Smtp, settings::Settings, siem::Sink, storage::StartError};

/// Shows them.
pub fn run(settings: &Settings) -> Result<(), StartError> {
    println!("data             {}", settings.data.display());
    println!("shared           {}", settings.shared.display());
    let log = if settings.store.is_some() {
        "KurrentDB"
    } else {
        "in the data directory"
    };
    println!("store            {log}");
    match &settings.postgres {
        Some(server) => println!("projections      {}", server.shown()),
        None => println!("projections      in the data directory"),
    }
    println!("listen           {}", settings.listen);
    let outside = settings.kurrentdb_listen.as_ref();
    let outside = outside.map_or("nowhere".to_owned(), ToString::to_string);
    println!("kurrentdb-listen {outside}");
    let public_url = settings.public_url.as_ref();
    println!(
        "public-url       {}",
        public_url.map_or("(the address)", |url| url.as_str())
    );
    println!("master-key-file  {}", settings.master_key_file.display());
    let anchor = settings.anchor.as_ref();
    let anchor = anchor.map_or("none".to_owned(), |file| file.display().to_string());
    println!("anchor           {anchor}");
    for witness in &settings.witnesses {
        println!("witness          {witness}");
    }
    println!("log              {}", settings.log);
    let passwords = settings.passwords;
    println!(
        "argon2           {} KiB, {} passes",
        passwords.memory_kib, passwords.passes
    );
    let proxies = settings.trusted_proxies.iter().map(ToString::to_string);
    let proxies = Some(proxies.collect::<Vec<_>>().join(", ")).filter(|list| !list.is_empty());
    println!("trusted-proxies  {}", proxies.as_deref().unwrap_or("none"));
    let limits = settings.limits;
    println!(
        "sessions         {} minutes unused, {} hours at most",
        limits.sessions.idle.num_minutes(),
        limits.sessions.lifetime.num_hours()
    );
    println!("invitation-days  {}", limits.invitation.num_days());
    let token = if settings.setup_token.is_some() {
        "given"
    } else {
        "made on first start"
    };
    println!("setup-token      {token}");
    println!("mail-from        {}", settings.mail_from);
    match &settings.smtp {
        None => println!("smtp-url         none: mail stays in the outbox"),
        Some(smtp) => {
            Smtp::new(smtp, None)?;
            let seconds = smtp.timeout.as_secs();
            println!("smtp-url         given, {seconds} seconds for a message");
        }
    }
    match &settings.siem {
        None => println!("siem-url         none: no SIEM is told of events"),
        Some(siem) => {
            Sink::new(siem, None)?;
            let host = siem.url.host_str().unwrap_or_default();
            println!("siem-url         {}://{host}", siem.url.scheme());
        }
    }
    Ok(())
}
