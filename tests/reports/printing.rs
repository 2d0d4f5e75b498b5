//! The report on paper: through a browser, as an auditor prints it.

use crate::{commands::Laptop, evidence::Past, evidence::life};
use std::{fs, process::Command};

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_on_numbered_pages_with_everything_on_them() {
    let world = life().await;
    let laptop = Laptop::with(&Past::of(&world).await.signed());
    let page = laptop.folder.path().join("report.html");
    let ended = laptop.report(&page, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let html = fs::read_to_string(&page).unwrap();
    for fetched in ["<script", "<link", " src=", "url(", "@import"] {
        assert!(!html.contains(fetched), "{fetched}");
    }
    // What somebody folded away on the screen is printed all the same.
    fs::write(&page, html.replace("<details open>", "<details>")).unwrap();

    let pdf = laptop.folder.path().join("report.pdf");
    let printed = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
        ])
        .arg(format!(
            "--user-data-dir={}",
            laptop.folder.path().join("browser").display()
        ))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the tests need the Debian package chromium: install it");
    assert!(printed.status.success());
    let text = Command::new("pdftotext")
        .args(["-layout".as_ref(), pdf.as_os_str(), "-".as_ref()])
        .output()
        .expect("the tests need the Debian package poppler-utils: install it");
    let text = String::from_utf8(text.stdout).unwrap();
    let pages: Vec<_> = text
        .split('\u{c}')
        .filter(|page| !page.trim().is_empty())
        .collect();
    assert!(pages.len() > 1, "{text}");
    for (number, page) in (1..).zip(&pages) {
        let foot = format!("Page {number} of {}", pages.len());
        assert!(page.contains(&foot), "no {foot} in {page}");
    }
    for shown in [
        "Evidence of two-factor authentication",
        "Nothing undid it",
        "Acts and sign-ins under a single factor since enforcement: 0",
        "People still to set up",
        "Authenticators and recovery",
        "API credentials",
        "Keys erased",
        "Why to believe it",
        "c2sp.org/tlog-proof@v1",
        "PCI DSS 4.0.1, 8.5.1",
        "2027-01-15",
    ] {
        assert!(text.contains(shown), "no {shown} in {text}");
    }
}
