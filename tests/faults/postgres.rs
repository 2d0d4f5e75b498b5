//! Read models in Postgres, which nodes share: the one that follows the log is killed, and another goes
//! on; they are built anew meanwhile; and an analyst reads along.

use crate::{
    PAWL,
    nodes::{node, open_to_others, with_the_log},
    set_up,
};
use harness::{Client, DEADLINE, PASSWORD, PostgresServer, Process, certificates, eventually};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

const SECRET: &str = "a-password-of-postgres";

/// A log with two nodes on it, whose read models are in Postgres.
struct Cluster {
    postgres: PostgresServer,
    projections: String,
    store: String,
    directories: [TempDir; 3],
    /// Has the log, and read models of its own.
    _first: Process,
    organization: String,
}

impl Cluster {
    async fn start() -> Self {
        let postgres = PostgresServer::start();
        let projections = postgres.database("pawl");
        let projections = projections.replace("pawl@", &format!("pawl:{SECRET}@"));
        let directories = [(); 3].map(|()| TempDir::new().unwrap());
        let first = with_the_log(directories[0].path()).await;
        let (organization, _) = set_up(&first).await;
        Self {
            postgres,
            projections,
            store: format!("kurrentdb://{}?tls=false", open_to_others(&first)),
            directories,
            _first: first,
            organization,
        }
    }

    async fn node(&self, number: usize) -> Process {
        let data = self.directories[number].path();
        let mut command = node(&self.store, self.shared(), data);
        command.env("PAWL_PROJECTIONS", &self.projections);
        command.env("PAWL_LOG", "trace");
        Process::spawn(command).await
    }

    fn shared(&self) -> &Path {
        self.directories[0].path()
    }

    /// Runs `pawl projections ...` beside the nodes, on a machine without one.
    async fn projections(&self, arguments: &[&str]) -> String {
        let data = TempDir::new().unwrap();
        let ended = Command::new(PAWL)
            .arg("projections")
            .args(arguments)
            .args(["--store", &self.store, "--data"])
            .arg(data.path())
            .env("PAWL_PROJECTIONS", &self.projections)
            .output();
        let ended = ended.await.unwrap();
        assert!(ended.status.success(), "{ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    }

    /// Asserts that an analyst gets the same files out of Postgres as out of a file.
    async fn exports_what_a_file_does(&self) {
        let export = async |dataset: &str, projections: Option<&str>| {
            let mut command = Command::new(PAWL);
            command.args(["analytics", "export", dataset, "--format", "csv"]);
            command.args(["--output", "-", "--data"]).arg(self.shared());
            if let Some(projections) = projections {
                command.env("PAWL_PROJECTIONS", projections);
            }
            let ended = command.output().await.unwrap();
            assert!(ended.status.success(), "{ended:?}");
            String::from_utf8(ended.stdout).unwrap()
        };
        for dataset in ["adoption", "sign_ins", "invitations"] {
            let expected = export(dataset, Some(&self.projections)).await;
            assert!(expected.lines().count() > 1, "{expected}");
            let same = async || (export(dataset, None).await == expected).then_some(());
            eventually("the file has it, too", same).await;
        }
    }

    /// Starts Pawl on a log of its own, with the read models of these nodes.
    async fn refuses_another_installation(&self) {
        let data = TempDir::new().unwrap();
        let ended = Command::new(PAWL)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("PAWL_PROJECTIONS", &self.projections)
            .kill_on_drop(true)
            .output();
        let ended = timeout(DEADLINE, ended).await.expect("it ends").unwrap();
        assert!(!ended.status.success(), "{ended:?}");
        let error = String::from_utf8(ended.stderr).unwrap();
        let words = "read models belong to one installation";
        assert!(error.contains(words), "{error}");
    }

    async fn invite(&self, by: &Client, who: &str) {
        let body = json!({ "email": format!("{who}@example.org"), "name": who, "role": "member" });
        let path = format!("/v1/organizations/{}/invitations", self.organization);
        let _ = by.post(&path, body).await.expect(201);
    }

    /// Who is invited, as this node has it.
    async fn invited(&self, by: &Client) -> Vec<String> {
        let path = format!("/v1/organizations/{}/invitations", self.organization);
        let list = by.get(&path).await.expect(200);
        let items = list["items"].as_array().unwrap().iter();
        let mut names: Vec<_> = items.map(|item| item["name"].to_string()).collect();
        names.sort_unstable();
        names
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_read_models_in_postgres_and_one_that_is_killed_is_replaced() {
    let cluster = Cluster::start().await;
    let second = cluster.node(1).await;
    let third = cluster.node(2).await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let signed_in = second.client.post("/v1/sign-in", body).await.expect(200);
    let second_client = second
        .client
        .with(signed_in["session_token"].as_str().unwrap());
    let third_client = third.client.same_session(&second_client);

    // What one node did, the other one shows.
    cluster.invite(&second_client, "grace").await;
    assert_eq!(cluster.invited(&third_client).await, ["\"grace\""]);
    let audit = format!("/v1/organizations/{}/audit?limit=100", cluster.organization);
    let audit = third_client.get(&audit).await.expect(200);
    let kinds = audit["items"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.filter_map(|item| item["type"].as_str()).collect();
    assert!(kinds.contains(&"UserInvited"), "{kinds:?}");

    // They are built anew beside the nodes.
    let status = async || -> Value {
        let status = cluster.projections(&["status", "--json", "--digest"]).await;
        serde_json::from_str(&status).unwrap()
    };
    let digests = |status: &Value| -> Vec<String> {
        let models = status.as_array().unwrap().iter();
        models.map(|model| model["digest"].to_string()).collect()
    };
    let before = digests(&status().await);
    let rebuilt = cluster.projections(&["rebuild"]).await;
    assert!(rebuilt.starts_with("rebuilt from "), "{rebuilt}");
    assert_eq!(digests(&status().await), before);

    // The second came first, and so was the one that follows the log.
    second.kill().await;
    cluster.invite(&third_client, "linus").await;
    let both = ["\"grace\"", "\"linus\""];
    assert_eq!(cluster.invited(&third_client).await, both);
    let second = cluster.node(1).await;
    let second_client = second.client.same_session(&second_client);
    assert_eq!(cluster.invited(&second_client).await, both);

    let count = "SELECT count(*) FROM pawl.invitations WHERE status = 'pending'";
    assert_eq!(cluster.postgres.psql("pawl", count), "2");
    cluster.exports_what_a_file_does().await;
    cluster.refuses_another_installation().await;
    assert_eq!(cluster.invited(&third_client).await, both);
    for node in [second, third] {
        let (status, log) = node.terminate().await;
        assert!(status.success(), "{log}");
        assert!(!log.contains(SECRET), "the password is in the log");
    }
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_said_and_its_password_is_not() {
    let data = TempDir::new().unwrap();
    for (connection, expected) in [
        (
            "postgres://pawl:SECRET@127.0.0.1:1/pawl",
            "the Postgres of the projections cannot be reached",
        ),
        (
            "postgres://pawl:SECRET@db/pawl?sslmode=SECRET",
            "projections: sslmode is",
        ),
        (
            "mysql://pawl:SECRET@db/pawl",
            "projections: it does not begin with postgres://",
        ),
    ] {
        let ended = Command::new(PAWL)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("PAWL_PROJECTIONS", connection.replace("SECRET", SECRET))
            .output();
        let ended = ended.await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success());
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}

#[tokio::test]
async fn a_postgres_elsewhere_must_show_a_certificate_of_an_authority_that_is_believed() {
    let (ours, others) = (certificates(), certificates());
    let (postgres, port) = PostgresServer::start_with_tls(ours.path());
    let _ = postgres.database("pawl");
    let data = TempDir::new().unwrap();
    let serve = |authority: &TempDir| {
        let authority = authority.path().join("ca.pem").display().to_string();
        let address = format!("postgres://pawl@127.0.0.1:{port}/pawl");
        let mut command = Command::new(PAWL);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .arg("--projections")
            .arg(format!("{address}?sslmode=require&sslrootcert={authority}"));
        command
    };
    let refused = serve(&others).output().await.unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("cannot be reached: error performing TLS"),
        "{said}"
    );

    let server = Process::spawn(serve(&ours)).await;
    let secured = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                   WHERE datname = 'pawl' AND application_name = 'pawl'";
    assert_eq!(postgres.psql("postgres", secured), "t");
    assert!(server.terminate().await.0.success());
}
