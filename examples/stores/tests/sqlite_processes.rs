//! What holds between processes that share a SQLite file, and after one of them
//! was killed.
//!
//! A test that needs a second process runs itself once more, with the file that
//! it is to work on in its environment.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::Arc;

use codegrant::{Subject, User};
use stores::{Account, AccountStore, Sqlite};

const FILE: &str = "SQLITE_TEST_FILE";
const ACKNOWLEDGED: &str = "acknowledged ";

/// The file to work on, in the second process.
fn file_given() -> Option<PathBuf> {
    env::var_os(FILE).map(PathBuf::from)
}

fn run_again(test: &str, file: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a process says was acknowledged to it.
fn acknowledged(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.filter_map(|line| Some(line.ok()?.strip_prefix(ACKNOWLEDGED)?.to_owned()))
}

/// Writes as many accounts as asked for, some at a time, and says of each one
/// when it was answered.
async fn write_accounts(file: PathBuf, count: usize) {
    let db = Sqlite::open(file).unwrap();
    let tasks = (0..8).map(|task| {
        let db = db.clone();
        tokio::spawn(async move {
            for number in (0..count).filter(|number| number % 8 == task) {
                let name = format!("{}-{number}", id());
                db.put_account(account(&name)).await.unwrap();
                println!("{ACKNOWLEDGED}{name}");
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

fn account(name: &str) -> Account {
    Account {
        subject: Subject::parse(name).unwrap(),
        username: name.to_owned(),
        password_hash: "$argon2id$...".to_owned(),
        user: Arc::new(User::new()),
    }
}

async fn kept(file: &Path) -> BTreeSet<String> {
    let subjects = Sqlite::open(file).unwrap().subjects().await.unwrap();
    subjects.iter().map(|subject| subject.as_str().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_before_a_kill_is_there_afterwards() {
    if let Some(file) = file_given() {
        return write_accounts(file, usize::MAX).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("test.db");
    for round in 1..=5 {
        let test = "what_was_acknowledged_before_a_kill_is_there_afterwards";
        let mut child = run_again(test, &file);
        let mut lines = acknowledged(&mut child);
        let mut expected: BTreeSet<_> = lines.by_ref().take(200 * round).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        expected.extend(lines);
        assert!(expected.len() >= 200 * round);
        let kept = kept(&file).await;
        let lost: Vec<_> = expected.difference(&kept).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_write_at_once_wait_for_each_other_and_lose_nothing() {
    if let Some(file) = file_given() {
        return write_accounts(file, 1_000).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("test.db");
    let test = "processes_that_write_at_once_wait_for_each_other_and_lose_nothing";
    let mut children = [(); 3].map(|()| run_again(test, &file));
    let mut expected = BTreeSet::new();
    for child in &mut children {
        expected.extend(acknowledged(child));
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(expected.len(), 3_000);
    assert_eq!(kept(&file).await, expected);
}

#[tokio::test]
async fn processes_that_open_a_new_file_at_once_all_find_it_whole() {
    if let Some(file) = file_given() {
        return write_accounts(file, 1).await;
    }
    for _ in 0..5 {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("test.db");
        let test = "processes_that_open_a_new_file_at_once_all_find_it_whole";
        let mut children = [(); 8].map(|()| run_again(test, &file));
        for child in &mut children {
            assert_eq!(acknowledged(child).count(), 1);
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(kept(&file).await.len(), 8);
    }
}
