//! Many people are invited from a file.

use crate::people::follow_the_first_link;
use harness::{Browser, TestServer};
use std::{fmt::Write as _, path::Path};

async fn attach(browser: &Browser, file: &Path) {
    let field = browser.field("The file").await;
    field.send_keys(file.to_str().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_list_is_mended_and_sent_and_its_progress_is_seen() {
    let server = TestServer::start().await;
    let browser = Browser::of(&server).await;
    follow_the_first_link(&browser).await;
    browser.open("/console/users").await;
    browser.click("Invite many").await;
    let file = server.data().join("people.csv");
    let mut list = "email,name,role\n".to_owned();
    for n in 0..150 {
        writeln!(list, "person{n}@example.org,Person {n},member").unwrap();
    }
    std::fs::write(&file, list.replace("person7@", "person8@")).unwrap();
    attach(&browser, &file).await;
    browser.click("Invite everybody").await;
    browser.sees("Nobody was invited.").await;
    browser.sees("This address stands on line 9 already.").await;

    std::fs::write(&file, list).unwrap();
    attach(&browser, &file).await;
    browser.click("Invite everybody").await;
    browser.sees("150 people are invited.").await;
    browser.does_not_see("are done").await;
    browser.open("/console/users?search=person149").await;
    browser.sees("person149@example.org").await;
}
