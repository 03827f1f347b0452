//! `cargo run -p dashboard`: all five parties of the authorization-code flow on
//! this machine, and a page that shows what they say to each other.

mod api;
mod application;
mod arguments;
mod back_channel;
mod callback;
mod challenge;
mod client;
mod diagram;
mod id_token;
mod load;
mod outcome;
mod page;
mod parties;
mod reports;
mod session;
mod step;
mod trace;
mod verified;
mod watch;
mod wire;

use std::error::Error;
use std::process::ExitCode;

use arguments::Arguments;
use parties::Parties;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Arguments::Help) => {
            say(arguments::HELP);
            Ok(())
        }
        Ok(Arguments::Run { port }) => run(port).await,
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(port: u16) -> Result<(), Box<dyn Error>> {
    // Listened to from the start, so that not even an early signal leaves the
    // temporary database behind.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let parties = Parties::gather(port).await?;
    say(parties.invitation());
    parties
        .run(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
        .await?;
    Ok(())
}

#[allow(clippy::print_stdout, reason = "this is what the user at the terminal is told")]
fn say(text: &str) {
    println!("{text}");
}

#[allow(clippy::print_stderr, reason = "this is what the user at the terminal is told")]
fn complain(error: &dyn Error) {
    eprintln!("{error}");
}
