//! A real browser: headless Chromium, driven over `WebDriver` as a person would use it: by what labels
//! and buttons say. QR codes are read from what is on the screen by a decoder that nobody here wrote.

use crate::{DEADLINE, TestServer};
use data_encoding::BASE64;
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use url::{ParseError, Url};

/// The accessibility rules, beside the build (see `cargo xtask test`).
const AXE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/clients/browser/node_modules/axe-core/axe.min.js"
);

/// A browser of one person.
pub struct Browser {
    /// For what no person does.
    pub driver: Client,
    server: String,
    /// Ends with the test.
    _chromedriver: Child,
    /// Chromium's process, which would outlive its driver.
    process: u64,
    /// Its profile, and pictures on their way to the decoder.
    home: TempDir,
}

/// What a browser is like.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The language that it asks for.
    pub language: &'static str,
    /// Whether it runs scripts.
    pub scripts: bool,
}

impl Browser {
    /// An ordinary one.
    pub async fn of(server: &TestServer) -> Self {
        Self::start(
            &server.client.url(""),
            Kind {
                language: "en",
                scripts: true,
            },
        )
        .await
    }

    /// One of this kind, for the server at this address.
    pub async fn start(address: &str, kind: Kind) -> Self {
        let home = TempDir::new().unwrap();
        let (chromedriver, port) = start_chromedriver().await;
        let profile = home.path().join("profile");
        let mut preferences = json!({ "intl.accept_languages": kind.language });
        if !kind.scripts {
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let options = json!({
            "args": [
                "--headless",
                // Test machines run as root, where Chromium has no sandbox of its own.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--window-size=1200,1000",
                format!("--lang={}", kind.language),
                format!("--user-data-dir={}", profile.display()),
            ],
            "prefs": preferences,
        });
        let capabilities = Capabilities::from_iter([
            ("goog:chromeOptions".to_owned(), options),
            ("unhandledPromptBehavior".to_owned(), json!("accept")),
        ]);
        let driver = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts: the tests need the Debian package chromium");
        let process = &driver.capabilities().unwrap()["goog:processID"];
        Self {
            process: process.as_u64().unwrap(),
            driver,
            server: address.to_owned(),
            _chromedriver: chromedriver,
            home,
        }
    }

    /// Opens a page of the server.
    pub async fn open(&self, path: &str) {
        let address = format!("{}{path}", self.server);
        self.driver.goto(&address).await.unwrap();
    }

    /// The path of the page.
    pub async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    /// Waits for the page at this path.
    pub async fn arrives_at(&self, path: &str) {
        let arrived = async {
            while self.path().await != path {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(DEADLINE, arrived).await.is_err() {
            let (here, page) = (self.path().await, self.text().await);
            panic!("the browser is not at {path} but at {here}:\n{page}");
        }
    }

    /// What is on the page.
    pub async fn text(&self) -> String {
        let body = self.driver.find(Locator::Css("body")).await;
        match body {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until this is on the page.
    pub async fn sees(&self, text: &str) {
        let seen = async {
            while !self.text().await.contains(text) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(DEADLINE, seen).await.is_err() {
            let page = self.text().await;
            panic!("{text:?} is not on {}:\n{page}", self.path().await);
        }
    }

    /// Asserts that this is not on the page.
    pub async fn does_not_see(&self, text: &str) {
        let page = self.text().await;
        assert!(!page.contains(text), "{text:?} is on the page:\n{page}");
    }

    async fn find(&self, xpath: &str) -> Element {
        self.wait_for(Locator::XPath(xpath)).await
    }

    /// The element, once it is there: a page may be on its way.
    async fn wait_for(&self, what: Locator<'_>) -> Element {
        let found = async {
            loop {
                if let Ok(element) = self.driver.find(what).await {
                    break element;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if let Ok(element) = timeout(DEADLINE, found).await {
            return element;
        }
        panic!("no {what:?}; the page says:\n{}", self.text().await)
    }

    /// The field with this label.
    pub async fn field(&self, label: &str) -> Element {
        let xpath = format!("//*[@id = //label[normalize-space() = '{label}']/@for]");
        self.find(&xpath).await
    }

    /// Types into the field with this label, instead of what is there.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Ticks the box with this label, or unticks it.
    pub async fn tick(&self, label: &str) {
        self.field(label).await.click().await.unwrap();
    }

    /// Chooses from the list with this label.
    pub async fn choose(&self, label: &str, choice: &str) {
        self.field(label)
            .await
            .select_by_label(choice)
            .await
            .unwrap();
    }

    /// The button or link that says this.
    pub async fn button(&self, text: &str) -> Element {
        self.find(&format!(
            "//*[(self::button or self::a or self::summary) and normalize-space() = '{text}']"
        ))
        .await
    }

    /// Clicks the button or link that says this.
    pub async fn click(&self, text: &str) {
        self.button(text).await.click().await.unwrap();
    }

    /// Whether there is a button or link that says this.
    pub async fn offers(&self, text: &str) -> bool {
        let said = format!("//*[(self::button or self::a) and normalize-space() = '{text}']");
        !self
            .driver
            .find_all(Locator::XPath(&said))
            .await
            .unwrap()
            .is_empty()
    }

    /// Clicks on the button of a form, and waits until its page is gone: the form has been answered,
    /// and what the answer brought, a cookie say, is there.
    pub async fn submit(&self, text: &str) {
        let button = self.button(text).await;
        button.click().await.unwrap();
        crate::eventually(&format!("{text:?} is answered"), async || {
            button.is_displayed().await.is_err().then_some(())
        })
        .await;
    }

    /// The texts of all elements that this selector names.
    pub async fn all_shown(&self, selector: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.driver.find_all(Locator::Css(selector)).await.unwrap() {
            texts.push(element.text().await.unwrap());
        }
        texts
    }

    /// Gives a field a value that nobody types, such as a color.
    pub async fn set(&self, selector: &str, value: &str) {
        let set = "document.querySelector(arguments[0]).value = arguments[1]";
        let arguments = vec![json!(selector), json!(value)];
        self.driver.execute(set, arguments).await.unwrap();
    }

    /// A picture of 64 by 64 pixels (PNG), as a file on this machine.
    pub async fn picture_file(&self) -> String {
        let draw = "const canvas = document.createElement('canvas');
                    canvas.width = canvas.height = 64;
                    canvas.getContext('2d').fillRect(8, 8, 48, 48);
                    return canvas.toDataURL('image/png').split(',')[1];";
        let drawn = self.driver.execute(draw, vec![]).await.unwrap();
        let png = BASE64.decode(drawn.as_str().unwrap().as_bytes()).unwrap();
        let file = self.home.path().join("picture.png");
        fs::write(&file, png).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// The text of the element that this selector names.
    pub async fn shown(&self, selector: &str) -> String {
        let element = self.wait_for(Locator::Css(selector)).await;
        element.text().await.unwrap()
    }

    /// Makes the page as wide as this. A window has a least width, a page has not.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// Prefers light or dark pages.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// A picture of the whole page (PNG), however long it is.
    pub async fn picture(&self, width: u32) -> Vec<u8> {
        let height = "return document.documentElement.scrollHeight";
        let height = self.driver.execute(height, vec![]).await.unwrap();
        let height = u32::try_from(height.as_u64().unwrap()).unwrap();
        self.resize(width, height).await;
        self.driver.screenshot().await.unwrap()
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        let body = json!({ "cmd": command, "params": parameters });
        let command = DevTools(body.to_string());
        self.driver.issue_cmd(command).await.unwrap();
    }

    /// What a decoder reads from the QR code on the screen.
    pub async fn scan(&self) -> String {
        let qr = self.wait_for(Locator::Css(".qr")).await;
        let picture = self.home.path().join("qr.png");
        fs::write(&picture, qr.screenshot().await.unwrap()).unwrap();
        let read = Command::new("zbarimg")
            .args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"])
            .arg(&picture)
            .output()
            .await
            .expect("the tests need the Debian package zbar-tools: install it");
        String::from_utf8(read.stdout).unwrap().trim().to_owned()
    }

    /// What axe-core finds wrong with the page, where it is serious.
    pub async fn barriers(&self) -> Vec<String> {
        let axe = fs::read_to_string(AXE).expect("`cargo xtask test` installs axe-core");
        self.driver.execute(&axe, vec![]).await.unwrap();
        let run = "const done = arguments[0];
                   axe.run({ resultTypes: ['violations'] }).then((r) => done(r.violations));";
        let violations = self.driver.execute_async(run, vec![]).await.unwrap();
        let violations = violations.as_array().unwrap().iter();
        violations
            .filter(|violation| {
                matches!(violation["impact"].as_str(), Some("serious" | "critical"))
            })
            .map(describe)
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let kill = format!("kill -KILL {}", self.process);
        let _ = std::process::Command::new("bash")
            .args(["-c", &kill])
            .status();
    }
}

/// Starts it on a free port. It takes one for IPv4 and then, perhaps too late, the same for IPv6: so
/// more than once where many start at the same time.
async fn start_chromedriver() -> (Child, String) {
    for _ in 0..10 {
        let mut chromedriver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the tests need the Debian package chromium-driver: install it");
        let mut lines = BufReader::new(chromedriver.stdout.take().unwrap()).lines();
        while let Ok(Ok(Some(line))) = timeout(DEADLINE, lines.next_line()).await {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                // A full pipe would hold it up.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return (chromedriver, port.trim_end_matches('.').to_owned());
            }
        }
    }
    panic!("chromedriver does not start");
}

fn describe(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().unwrap().iter();
    let places: Vec<_> = nodes.map(|node| node["html"].to_string()).collect();
    format!("{}: {}", violation["help"], places.join(", "))
}

/// A command of Chromium's own, by way of `WebDriver`.
#[derive(Debug)]
struct DevTools(String);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _request: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.clone()))
    }
}
