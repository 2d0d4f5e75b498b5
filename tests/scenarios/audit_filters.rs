//! What a reviewer asks of the audit trail is all that they are shown: by whom, about whom, what, and
//! when, in any combination.

use crate::audit_trail::{follow, history, types};
use harness::{Acme, Client};
use serde_json::{Value, json};

/// The entries that meet a question, without the looks.
async fn ask(acme: &Acme, by: &Client, question: &str) -> Vec<Value> {
    let path = acme.path(&format!("audit?limit=500&{question}"));
    let page = by.get(&path).await.expect(200);
    let mut items = page["items"].as_array().unwrap().clone();
    items.retain(|event| event["type"] != "AuditRead");
    items
}

#[tokio::test]
async fn each_filter_and_all_together_cut_the_same_list() {
    let (server, acme) = history().await;
    let all = acme.audit(&acme.ada).await;
    let who = acme.ada.get("/v1/session").await.expect(200);
    let ada = who["user_id"].as_str().unwrap();
    let grace = all[11]["subject"].as_str().unwrap();
    let grace = grace.strip_prefix("user-").unwrap().to_owned();
    let by = |id: &str| json!({ "kind": "user", "id": id });
    let about = |event: &Value, id: &str| event["subject"] == format!("user-{id}");
    let met = |meets: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        all.iter().filter(|event| meets(event)).cloned().collect()
    };

    let theirs = met(&|event| event["actor"] == by(&grace) || about(event, &grace));
    assert!(types(&theirs).contains(&"SignInRejected"), "{theirs:?}");
    assert_eq!(
        ask(&acme, &acme.ada, &format!("person={grace}")).await,
        theirs
    );
    let hers = met(&|event| event["actor"] == by(ada));
    assert_eq!(
        ask(&acme, &acme.ada, &format!("actor=user:{ada}")).await,
        hers
    );
    let operators = met(&|event| event["actor"]["kind"] == "operator");
    assert_eq!(ask(&acme, &acme.ada, "actor=operator").await, operators);

    let devices = ["OtpDeviceConfirmed", "OtpDeviceRegistered"];
    let set_ups = met(&|event| devices.contains(&event["type"].as_str().unwrap()));
    let named = format!("type={}", devices.join(","));
    assert_eq!(ask(&acme, &acme.ada, &named).await, set_ups);
    let meant = met(&|event| event["type"] == "TwoFactorEnforced");
    for text in ["ENFORCED+two-factor", "twofactorenf"] {
        assert_eq!(
            ask(&acme, &acme.ada, &format!("q={text}")).await,
            meant,
            "{text}"
        );
    }

    let at = all[12]["recorded_at"].as_str().unwrap();
    let since = met(&|event| event["recorded_at"].as_str() >= Some(at));
    let before = met(&|event| event["recorded_at"].as_str() < Some(at));
    assert_eq!(ask(&acme, &acme.ada, &format!("from={at}")).await, since);
    assert_eq!(ask(&acme, &acme.ada, &format!("until={at}")).await, before);
    let one = format!("person={grace}&actor=user:{grace}&{named}&q=begun&from={at}&as_of={at}");
    let registered = met(&|event| {
        event["type"] == "OtpDeviceRegistered"
            && event["actor"] == by(&grace)
            && event["recorded_at"] == *at
    });
    assert_eq!(ask(&acme, &acme.ada, &one).await, registered);
    assert_eq!(
        ask(&acme, &acme.ada, "type=RoleChanged&q=enforced").await,
        [Value::Null; 0]
    );
    drop(server);
}

#[tokio::test]
async fn what_cannot_be_asked_is_said() {
    let (_server, acme) = history().await;
    let head = acme.ada.head().await;
    for question in [
        "actor=ada",
        "actor=user:ada",
        "actor=user",
        "person=ada",
        "type=TwoFactorRelaxed",
        "type=",
        "type=RoleChanged,",
        "from=yesterday",
        "until=1",
    ] {
        let reply = acme.ada.get(&acme.path(&format!("audit?{question}"))).await;
        reply.problem(400, "invalid-parameter");
    }
    assert_eq!(acme.ada.head().await, head, "nothing is remembered of it");
}

/// A look is kept for good, and everybody who reads the log reads it.
#[tokio::test]
async fn any_time_that_can_be_asked_for_can_be_remembered() {
    let (server, acme) = history().await;
    let everything = acme.audit(&acme.ada).await;
    let (first, last) = (
        "-262143-01-01T00:00:00Z",
        "%2B262142-12-31T23:59:59.999999999Z",
    );
    let leap = "2016-12-31T23:59:60.999999999Z";
    for question in [
        format!("from={first}&until={last}&as_of={last}"),
        format!("from={leap}&as_of={last}"),
    ] {
        let found = ask(&acme, &acme.ada, &question).await;
        assert_eq!(found, everything, "{question}");
    }
    for question in [
        format!("from={last}"),
        format!("until={first}"),
        format!("as_of={leap}&from={first}"),
    ] {
        let found = ask(&acme, &acme.ada, &question).await;
        assert_eq!(found, [Value::Null; 0], "{question}");
    }
    for beyond in [
        "-262143-01-01T00:00:00%2B01:00",
        "%2B262143-01-01T00:00:00Z",
    ] {
        let reply = acme
            .ada
            .get(&acme.path(&format!("audit?from={beyond}")))
            .await;
        reply.problem(400, "invalid-parameter");
    }
    let asked = acme.whole_audit(&acme.ada).await;
    let looks = asked.iter().filter(|event| event["type"] == "AuditRead");
    assert_eq!(looks.count(), 6, "the whole, and each of these five");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_sent_what_they_asked_for_and_resumes_there() {
    let (server, acme) = history().await;
    let path = acme.path("audit?type=UserInvited,RoleChanged");
    let first = follow(&acme.ada, &path, None, 1).await;
    assert_eq!(first[0].1, "UserInvited");
    server.invite(&acme.ada, &acme.id, "linus", "member").await;
    let second = follow(&acme.ada, &path, Some(&first[0].0), 1).await;
    assert_eq!(second[0].1, "UserInvited");
    let all = acme.audit(&acme.ada).await;
    let last = all.iter().rfind(|event| event["type"] == "UserInvited");
    assert_eq!(second[0].0, last.unwrap()["position"].to_string());
}
