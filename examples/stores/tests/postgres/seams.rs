//! What is kept beside the grants.

use super::*;

#[tokio::test]
async fn consent_is_kept_by_user_and_client_and_replaced_by_its_next_version_only() {
    let House { db, url: _, _server } = House::new().await;
    let (alice, app) = (subject("alice"), ClientId::parse("app").unwrap());
    assert_eq!(db.consented(&alice, &app).await.unwrap(), None);
    Flow::over(&db).code("alice").await;
    let kept = db.consented(&alice, &app).await.unwrap().unwrap();
    assert_eq!((kept.version(), kept.scope().unwrap().as_str()), (1, "a b"));
    assert_eq!(db.consented(&subject("bob"), &app).await.unwrap(), None);
    assert_eq!(db.consented(&alice, &ClientId::parse("other").unwrap()).await.unwrap(), None);

    let version = |number| {
        let record = kept.to_record().unwrap().replace("a b", &format!("v{number}"));
        Arc::new(Consented::from_record(&record, number).unwrap())
    };
    for (next, is_first) in [(1, false), (3, false), (2, true), (2, false), (3, true)] {
        assert_eq!(db.remember(version(next)).await.unwrap(), is_first, "{next}");
    }
    assert_eq!(db.consented(&alice, &app).await.unwrap(), Some(version(3)));
}

#[tokio::test]
async fn a_client_is_what_was_last_put_until_it_is_removed() {
    let House { db, url, _server } = House::new().await;
    let id = ClientId::parse("app").unwrap();
    let registered = |name| {
        let builder = Client::builder("app").redirect_uri("https://app.example/cb");
        builder.name(name).build().unwrap()
    };
    db.remove_client(&id).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
    for name in ["App", "Application"] {
        db.put_client(&registered(name)).await.unwrap();
        let other = open(&url).await;
        let kept = other.client(&id).await.unwrap().unwrap();
        assert_eq!(kept.to_record().unwrap(), registered(name).to_record().unwrap());
    }
    db.remove_client(&id).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proof_is_new_to_one_of_all_who_bring_it_until_it_is_forgotten() {
    let House { db, url, _server } = House::new().await;
    let mut thieves = Vec::new();
    for _ in 0..8 {
        let db = open(&url).await;
        thieves.push(tokio::spawn(async move { db.is_first_use(&[1; 32], at(9)).await.unwrap() }));
    }
    let mut believed = 0;
    for thief in thieves {
        believed += u32::from(thief.await.unwrap());
    }
    assert_eq!(believed, 1);
    assert!(db.is_first_use(&[2; 32], at(10)).await.unwrap());
    assert_eq!(db.forget_proofs(at(8)).await.unwrap(), 0);
    assert_eq!(db.forget_proofs(at(9)).await.unwrap(), 1);
    assert!(db.is_first_use(&[1; 32], at(10)).await.unwrap());
    assert!(!db.is_first_use(&[2; 32], at(10)).await.unwrap());
}

#[tokio::test]
async fn accounts_are_found_by_their_username_and_known_to_the_directory_by_their_subject() {
    let House { db, url: _, _server } = House::new().await;
    db.put_account(account("s1", "alice")).await.unwrap();
    let found = db.account("alice").await.unwrap().unwrap();
    assert_eq!((found.subject, found.password_hash.as_str()), (subject("s1"), "$argon2id$..."));
    let known = account("s1", "alice").user;
    assert_eq!(
        (&found.user, db.user(&subject("s1")).await.unwrap()),
        (&known, Some(known.clone()))
    );
    assert!(db.account("s1").await.unwrap().is_none());
    assert!(db.account("alice\0").await.unwrap().is_none());
    assert!(db.user(&subject("alice")).await.unwrap().is_none());

    db.put_account(Account { user: Arc::default(), ..account("s1", "alice2") }).await.unwrap();
    assert!(db.account("alice").await.unwrap().is_none());
    assert_eq!(db.user(&subject("s1")).await.unwrap(), Some(Arc::default()));
    let taken = db.put_account(account("s2", "alice2")).await.unwrap_err().to_string();
    assert!(taken.contains("accounts_username_key") && !taken.contains("alice2"), "{taken}");
    assert_eq!(db.subjects().await.unwrap(), [subject("s1")]);
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended_swept_or_its_account_removed() {
    let House { db, url: _, _server } = House::new().await;
    let keys = ["one", "two", "three"].map(SessionKey::of);
    assert!(db.begin_session(keys[0], session(9)).await.is_err(), "there is no such account");
    db.put_account(account("s1", "alice")).await.unwrap();
    for (key, expires_at) in keys.into_iter().zip([9, 10, 11]) {
        db.begin_session(key, session(expires_at)).await.unwrap();
    }
    assert_eq!(db.session(keys[1]).await.unwrap(), Some(session(10)));
    assert!(db.begin_session(keys[1], session(12)).await.is_err(), "the key is taken");

    db.end_session(keys[0]).await.unwrap();
    assert_eq!(db.session(keys[0]).await.unwrap(), None);
    assert_eq!(db.sweep_sessions(at(10)).await.unwrap(), 1);
    assert_eq!(db.session(keys[1]).await.unwrap(), None);
    db.put_account(account("s1", "alice")).await.unwrap();
    assert_eq!(db.session(keys[2]).await.unwrap(), Some(session(11)));
    db.remove_account(&subject("s1")).await.unwrap();
    assert_eq!(db.session(keys[2]).await.unwrap(), None);
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_one_account_which_can_sign_in_again() {
    let House { db, url: _, _server } = House::new().await;
    let [one, two, other, again] = ["one", "two", "other", "again"].map(SessionKey::of);
    let of_other = LoginSession { subject: subject("s2"), ..session(9) };
    db.put_account(account("s1", "alice")).await.unwrap();
    db.put_account(account("s2", "bob")).await.unwrap();
    for key in [one, two] {
        db.begin_session(key, session(9)).await.unwrap();
    }
    db.begin_session(other, of_other.clone()).await.unwrap();

    db.end_sessions(&subject("s1")).await.unwrap();
    assert_eq!(db.session(one).await.unwrap(), None);
    assert_eq!(db.session(two).await.unwrap(), None);
    assert_eq!(db.session(other).await.unwrap(), Some(of_other));

    let found = db.account("alice").await.unwrap().unwrap();
    assert_eq!((found.subject, found.user.roles()), (subject("s1"), &["analyst".to_owned()][..]));
    db.begin_session(again, session(9)).await.unwrap();
    assert_eq!(db.session(again).await.unwrap(), Some(session(9)));
    assert_eq!(db.session(one).await.unwrap(), None);
    db.end_sessions(&subject("nobody")).await.unwrap();
    assert!(db.user(&subject("nobody")).await.unwrap().is_none());
}
