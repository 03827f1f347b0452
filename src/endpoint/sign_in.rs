//! Whether who is signed in will do (OpenID Connect Core section 3.1.2.3), judged
//! wish by wish.

use super::service::Service;
use crate::cause::Cause;
use crate::model::authentication::Authentication;
use crate::model::client::Client;
use crate::model::timestamp::Timestamp;
use crate::request::sign_in::SignIn;
use crate::token::ticket::{LoginNote, LoginReason};

/// Why they will not do.
pub(super) enum Unfit {
    /// They may, once somebody has signed in.
    Until(LoginReason),
    /// Nothing that they did or could do makes them.
    For(Cause),
}

/// Judges `user` by what `client` wanted, which knows users by its own names for
/// them. With the request came `note`, if there was
/// a login page: who signed in on it is asked for no other login.
pub(super) fn judge(
    service: &Service,
    client: &Client,
    wanted: &SignIn,
    user: &Authentication,
    note: Option<&LoginNote>,
) -> Result<(), Unfit> {
    let pairwise = service.pairwise(client, user.subject()).map_err(Unfit::For)?;
    let has_just_signed_in = note.is_some_and(|note| note.is_met_by(user));
    if !has_just_signed_in {
        signed_in_lately(service, wanted, user).map_err(Unfit::Until)?;
    }
    if !wanted.admits(pairwise.as_ref().unwrap_or(user.subject())) {
        return Err(or_never(
            has_just_signed_in,
            LoginReason::OtherUser,
            Cause::LoginRequired(LoginReason::OtherUser),
        ));
    }
    if wanted.acr.is_met_by(user.acr()) {
        return Ok(());
    }
    let out_of_reach = !wanted.acr.values.iter().any(|acr| service.acr_values.contains(acr));
    let is_final = has_just_signed_in || out_of_reach;
    if wanted.acr.essential {
        let never = Cause::UnmetAuthenticationRequirements;
        return Err(or_never(is_final, LoginReason::Acr, never));
    }
    // What is voluntary is asked for, and done without where it cannot be had.
    if is_final || wanted.prompt.none { Ok(()) } else { Err(Unfit::Until(LoginReason::Acr)) }
}

/// Whether they may stay signed in without another login. `max_age=0` means
/// `prompt=login`, also within the second of the login (section 3.1.2.1).
fn signed_in_lately(
    service: &Service,
    wanted: &SignIn,
    user: &Authentication,
) -> Result<(), LoginReason> {
    if wanted.prompt.select_account {
        return Err(LoginReason::SelectAccount);
    }
    if wanted.prompt.login {
        return Err(LoginReason::Prompt);
    }
    match wanted.max_age.map(|age| age.as_secs()) {
        Some(age) if age == 0 || elapsed(user.authenticated_at(), service.now()) > age => {
            Err(LoginReason::MaxAge)
        }
        _ => Ok(()),
    }
}

fn elapsed(since: Timestamp, now: Timestamp) -> u64 {
    now.seconds_since(since)
}

fn or_never(is_final: bool, reason: LoginReason, never: Cause) -> Unfit {
    if is_final { Unfit::For(never) } else { Unfit::Until(reason) }
}
