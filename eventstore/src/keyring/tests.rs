use super::*;
use eventstore_schema::{DeviceId, UserId};
use std::{fs, os::unix::fs::PermissionsExt as _};
use uuid::Uuid;

fn ada() -> KeyName {
    KeyName::person(UserId(Uuid::from_u128(1)))
}

fn master(directory: &Path) -> MasterKey {
    MasterKey::load_or_create(&directory.join("master.key"), true).unwrap()
}

fn keyring(directory: &Path) -> Keyring {
    Keyring::open(&directory.join("keyring.db"), &master(directory)).unwrap()
}

#[tokio::test]
async fn what_was_sealed_opens_again_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let sealed = {
        let keyring = keyring(directory.path());
        keyring.create(&[ada()]).await.unwrap();
        keyring.create(&[ada()]).await.unwrap();
        keyring.seal(&ada(), "email", b"ada@example.org").unwrap()
    };
    assert!(!format!("{sealed:?}").contains("example"));
    let opened = keyring(directory.path())
        .open_sealed("email", &sealed)
        .unwrap();
    assert_eq!(opened.as_slice(), b"ada@example.org");
}

#[tokio::test]
async fn many_open_as_each_of_them_would() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = keyring(directory.path());
    let person = |n| KeyName::person(UserId(Uuid::from_u128(n)));
    let people: Vec<_> = (1..=4).map(person).collect();
    keyring.create(&people).await.unwrap();
    let mut sealed = Vec::new();
    for (n, key) in people.iter().enumerate() {
        for field in ["name", "email"] {
            let text = format!("{field} of {n}");
            sealed.push((field, keyring.seal(key, field, text.as_bytes()).unwrap()));
        }
    }
    keyring.destroy(&people[1..2]).await.unwrap();
    // The wrong field, the key of somebody else, and a key that never was.
    sealed.push(("name", sealed[1].1.clone()));
    let of_another = sealed[6].1.ciphertext.clone();
    for key in [people[0].clone(), person(9)] {
        let ciphertext = of_another.clone();
        sealed.push(("name", Sealed { key, ciphertext }));
    }
    let values: Vec<_> = sealed
        .iter()
        .map(|(field, value)| (*field, value))
        .collect();
    let together = keyring.open_many(&values).unwrap();
    assert_eq!(together.iter().filter(|opened| opened.is_ok()).count(), 6);
    assert_eq!(together.len(), values.len());
    for ((field, value), opened) in values.iter().zip(together) {
        let alone = keyring.open_sealed(field, value);
        assert_eq!(format!("{opened:?}"), format!("{alone:?}"));
    }
}

#[tokio::test]
async fn a_box_opens_only_where_it_was_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = keyring(directory.path());
    let other = KeyName::otp_device(DeviceId(Uuid::from_u128(2)));
    keyring.create(&[ada(), other.clone()]).await.unwrap();
    let sealed = keyring.seal(&ada(), "email", b"ada@example.org").unwrap();
    let mut altered = BASE64URL_NOPAD
        .decode(sealed.ciphertext.as_bytes())
        .unwrap();
    *altered.last_mut().unwrap() ^= 1;
    for (field, sealed) in [
        ("name", sealed.clone()),
        (
            "email",
            Sealed {
                key: other,
                ..sealed.clone()
            },
        ),
        (
            "email",
            Sealed {
                ciphertext: BASE64URL_NOPAD.encode(&altered),
                ..sealed.clone()
            },
        ),
        (
            "email",
            Sealed {
                ciphertext: "AAAA".into(),
                ..sealed
            },
        ),
    ] {
        let refused = keyring.open_sealed(field, &sealed);
        assert!(
            matches!(refused, Err(KeyringError::Tampered { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_destroyed_key_is_gone_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = keyring(directory.path());
    keyring.create(&[ada()]).await.unwrap();
    let sealed = keyring.seal(&ada(), "email", b"ada@example.org").unwrap();
    let wrapped = wrapped_key(&locked(&keyring.0.reader), &ada()).unwrap().key;
    let on_disk = || {
        let mut found = false;
        for entry in fs::read_dir(directory.path()).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            found |= bytes.windows(wrapped.len()).any(|window| window == wrapped);
        }
        found
    };
    assert!(on_disk());
    keyring.destroy(&[ada()]).await.unwrap();
    assert!(!on_disk());
    for refused in [
        keyring.open_sealed("email", &sealed).map(|_| ()),
        keyring.create(&[ada()]).await,
        keyring.seal(&ada(), "email", b"again").map(|_| ()),
    ] {
        assert!(
            matches!(refused, Err(KeyringError::Destroyed { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn another_master_key_is_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(keyring(one.path()));
    let refused = Keyring::open(&one.path().join("keyring.db"), &master(two.path()));
    assert!(matches!(
        refused.err(),
        Some(KeyringError::WrongMasterKey(_))
    ));
}

#[test]
fn the_master_key_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("master.key");
    master(directory.path());
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = MasterKey::load_or_create(&file, true)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("can be read by others"), "{refused}");
}

#[test]
fn a_missing_or_malformed_master_key_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("master.key");
    let refused = MasterKey::load_or_create(&file, false)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("is missing"), "{refused}");
    assert!(!file.exists());
    fs::write(&file, "not a key").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let refused = MasterKey::load_or_create(&file, true)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("no master key"), "{refused}");
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keyring.db");
    fs::write(
        &file,
        "a shopping list, long enough to be no SQLite header at all",
    )
    .unwrap();
    let before = fs::read(&file).unwrap();
    let refused = Keyring::open(&file, &master(directory.path()));
    assert!(matches!(refused.err(), Some(KeyringError::Foreign(_))));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_secret_for_one_purpose_lives_as_long_as_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let [first, second] = [1, 2].map(KeyName::checkpoint_signer);
    let seed = {
        let keyring = keyring(directory.path());
        assert!(matches!(
            keyring.derive(&first, "seed"),
            Err(KeyringError::Missing { .. })
        ));
        keyring
            .create(&[first.clone(), second.clone()])
            .await
            .unwrap();
        keyring.derive(&first, "seed").unwrap()
    };
    let keyring = keyring(directory.path());
    assert_eq!(keyring.derive(&first, "seed").unwrap(), seed);
    assert_ne!(keyring.derive(&first, "another").unwrap(), seed);
    assert_ne!(keyring.derive(&second, "seed").unwrap(), seed);
    keyring.destroy(std::slice::from_ref(&first)).await.unwrap();
    assert!(matches!(
        keyring.derive(&first, "seed"),
        Err(KeyringError::Destroyed { .. })
    ));
}

#[tokio::test]
async fn a_keyring_that_can_only_sign_has_no_key_of_anything_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = keyring(directory.path());
    keyring
        .create(&[KeyName::checkpoint_signer(1)])
        .await
        .unwrap();
    assert!(keyring.is_empty().unwrap());
    keyring.create(&[ada()]).await.unwrap();
    assert!(!keyring.is_empty().unwrap());
}
