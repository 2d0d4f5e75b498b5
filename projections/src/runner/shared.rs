//! Several nodes on one Postgres: one follows the log, the others look on; and what happens when the
//! connection, the node or the database goes away.

use super::*;
use crate::{
    Readers,
    build::Others,
    testing::{Flaky, History, MemoryStore, Person, PostgresServer, home_on},
    users::Users,
};

const SOON: Duration = Duration::from_secs(20);

struct Cluster {
    server: PostgresServer,
    home: Home,
    history: History,
    admin: Person,
    store: Arc<MemoryStore>,
}

impl Cluster {
    fn start() -> Self {
        let server = PostgresServer::start();
        let home = home_on(&server, "pawl");
        let mut history = History::default();
        let organization = history.organization("Acme");
        let admin = history.registered(organization);
        let store = Arc::new(MemoryStore::holding(&history));
        Self {
            server,
            home,
            history,
            admin,
            store,
        }
    }

    fn node(&self, projections: &[&'static dyn Projection]) -> RunningProjections {
        let projections = Projections::open_with(&self.home, projections).unwrap();
        projections.start(self.log())
    }

    fn log(&self) -> Arc<dyn EventStore> {
        Arc::clone(&self.store) as _
    }

    /// Something happens.
    fn event(&mut self) {
        self.history.code_rejected(self.admin);
        self.store.catch_up(&self.history);
    }

    /// Waits until these nodes have seen everything that has happened.
    async fn have_seen(&self, nodes: &[&RunningProjections]) {
        for node in nodes {
            node.wait_for(self.history.head(), SOON).await.unwrap();
        }
    }

    /// The positions of the events that were projected, each as often as it was.
    fn seen(&self) -> Vec<i64> {
        let mut connection = self.home.open_read_only().unwrap();
        let sql = "SELECT position FROM flaky ORDER BY position";
        connection.all(sql, &[], |row| row.at(0)).unwrap()
    }

    fn everything(&self) -> Vec<i64> {
        let events = self.history.events.iter();
        events
            .map(|event| event.position.0.try_into().unwrap())
            .collect()
    }

    /// Cuts every connection to the database.
    fn cut(&self) {
        let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'pawl'";
        let _ = self.server.psql("postgres", all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_follows_the_log_and_when_it_goes_another_one_does() {
    let mut cluster = Cluster::start();
    let nodes = [(); 3].map(|()| cluster.node(&[Flaky::never(), &Users]));
    cluster.have_seen(&nodes.each_ref()).await;
    cluster.event();
    cluster.have_seen(&nodes.each_ref()).await;

    let [first, second, third] = nodes;
    first.stop().await;
    cluster.event();
    cluster.have_seen(&[&second, &third]).await;
    second.stop().await;
    cluster.event();
    cluster.have_seen(&[&third]).await;
    assert_eq!(third.standing(&Users), Standing::Works);
    assert_eq!(cluster.seen(), cluster.everything());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_installation_does_not_follow_its_own_log_in_their_place() {
    let mut cluster = Cluster::start();
    let mut theirs = cluster.node(&[Flaky::never()]);
    cluster.have_seen(&[&theirs]).await;
    // It comes when it would be its turn to follow.
    theirs.stop().await;
    let mut elsewhere = cluster.history.elsewhere();
    elsewhere.code_rejected(cluster.admin);
    let node = Projections::open_with(&cluster.home, &[Flaky::never()]).unwrap();
    let node = node.start(Arc::new(MemoryStore::holding(&elsewhere)));
    // It keeps none of theirs from following, and follows in nobody's place.
    for _ in 0..3 {
        theirs = cluster.node(&[Flaky::never()]);
        cluster.event();
        cluster.have_seen(&[&theirs]).await;
        theirs.stop().await;
    }
    let mut models = node.watched();
    let stopped = models.wait_for(|models| models[0].failure.is_some());
    let failure = timeout(SOON, stopped).await.unwrap().unwrap()[0]
        .failure
        .clone();
    let failure = failure.unwrap().to_string();
    let words = "read models belong to one installation";
    assert!(failure.contains(words), "{failure}");
    assert_eq!(cluster.seen(), cluster.everything());
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_are_made_again_and_no_event_is_projected_twice() {
    let mut cluster = Cluster::start();
    let nodes = [(); 2].map(|()| cluster.node(&[Flaky::never(), &Users]));
    cluster.have_seen(&nodes.each_ref()).await;
    let readers = Readers::open(&cluster.home).unwrap();
    for _ in 0..5 {
        cluster.cut();
        cluster.event();
        cluster.have_seen(&nodes.each_ref()).await;
    }
    assert_eq!(cluster.seen(), cluster.everything());
    // The pool does not hand out what was cut.
    let user = crate::users::by_id(&readers, cluster.admin.0).unwrap();
    assert!(user.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_when_postgres_is_back() {
    let mut cluster = Cluster::start();
    let nodes = [(); 2].map(|()| cluster.node(&[Flaky::never()]));
    cluster.have_seen(&nodes.each_ref()).await;
    cluster.server.stop();
    cluster.event();
    for node in &nodes {
        let mut models = node.watched();
        let failed = models.wait_for(|models| models[0].failure.is_some());
        timeout(SOON, failed).await.unwrap().unwrap();
        let status = node.status(cluster.history.head());
        let failure = status[0].failure.as_ref().unwrap().to_string();
        assert!(failure.contains("cannot be reached"), "{failure}");
    }
    cluster.server.go_on();
    cluster.have_seen(&nodes.each_ref()).await;
    assert_eq!(cluster.seen(), cluster.everything());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_event_is_named_on_every_node_and_tried_again_by_the_next_leader() {
    let mut cluster = Cluster::start();
    cluster.event();
    let poisoned = cluster.history.head();
    cluster.event();
    let broken = cluster.node(&[Flaky::at(poisoned), &Users]);
    cluster.have_seen(&[&broken]).await;
    let repaired = cluster.node(&[Flaky::never(), &Users]);
    let mut models = repaired.watched();
    let named = models.wait_for(|models| models[0].failure.is_some());
    timeout(SOON, named).await.unwrap().unwrap();
    let status = repaired.status(cluster.history.head());
    let failure = status[0].failure.as_ref().unwrap().to_string();
    assert!(
        failure.contains("stopped before the event at 7"),
        "{failure}"
    );
    assert_eq!(cluster.seen(), [1, 4]);

    broken.stop().await;
    let works = models.wait_for(|models| models[0].failure.is_none());
    timeout(SOON, works).await.unwrap().unwrap();
    cluster.have_seen(&[&repaired]).await;
    assert_eq!(cluster.seen(), cluster.everything());
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_two_versions_do_not_take_a_read_model_away_from_each_other() {
    let mut cluster = Cluster::start();
    let old = cluster.node(&[Flaky::never(), &Users]);
    let new = cluster.node(&[Flaky::version(2), &Users]);
    cluster.have_seen(&[&old, &new]).await;
    assert_eq!(old.standing(Flaky::never()), Standing::Works);
    assert_eq!(new.standing(Flaky::never()), Standing::IsBuilt);

    // The new one builds its own when it follows, and an old one does not follow any more.
    old.stop().await;
    let mut models = new.watched();
    let built = models.wait_for(|models| models[0].failure.is_none());
    timeout(SOON, built).await.unwrap().unwrap();
    let old = cluster.node(&[Flaky::never(), &Users]);
    cluster.event();
    cluster.have_seen(&[&old, &new]).await;
    assert_eq!(old.standing(Flaky::never()), Standing::IsBuilt);
    new.stop().await;
    cluster.event();
    assert!(
        old.wait_for(cluster.history.head(), GLANCE * 10)
            .await
            .is_err()
    );
    let new = cluster.node(&[Flaky::version(2), &Users]);
    cluster.have_seen(&[&old, &new]).await;
    assert_eq!(cluster.seen(), cluster.everything());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_takes_over_under_a_leader_as_soon_as_readers_let_it() {
    let mut cluster = Cluster::start();
    let nodes = [(); 2].map(|()| cluster.node(&[Flaky::never(), &Users]));
    cluster.have_seen(&nodes.each_ref()).await;
    let build = Build::begin(&cluster.home, &[Flaky::never()], Pace::Background).unwrap();
    let (build, _) = build
        .catch_up(&cluster.log(), &mut |_, _| ())
        .await
        .unwrap();

    // Somebody has begun to read, and has not looked at anything yet.
    let mut reader = cluster.home.open_read_only().unwrap();
    reader.begin(crate::sql::Purpose::Reading).unwrap();
    let log = cluster.log();
    let taking = tokio::spawn(async move { build.take_over(&log, Others::Kept).await });
    cluster.event();
    cluster.have_seen(&nodes.each_ref()).await;
    assert!(!taking.is_finished());
    let count = "SELECT count(*) FROM flaky";
    let count = reader.first(count, &[], |row| row.at::<i64>(0)).unwrap();
    assert_eq!(count, Some(3));
    drop(reader);

    assert_eq!(
        timeout(SOON, taking).await.unwrap().unwrap().unwrap(),
        ["flaky"]
    );
    cluster.event();
    cluster.have_seen(&nodes.each_ref()).await;
    assert_eq!(cluster.seen(), cluster.everything());
}
