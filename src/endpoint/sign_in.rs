//! Whether who is signed in will do (OpenID Connect Core section 3.1.2.3), judged
//! wish by wish.

use super::service::Service;
use crate::cause::Cause;
use crate::model::authentication::Authentication;
use crate::model::identity::Subject;
use crate::request::sign_in::SignIn;
use crate::token::ticket::{LoginNote, LoginReason};

/// Why they will not do.
pub(super) enum Unfit {
    /// They may, once somebody has signed in.
    Until(LoginReason),
    /// Nothing that they did or could do makes them.
    For(Cause),
}

/// Judges `user`, whom the client knows by its own name for them, by what it
/// wanted. With the request came `note`, if there was a login page: who signed in
/// on it is asked for no other login.
pub(super) fn judge(
    service: &Service,
    wanted: &SignIn,
    user: &Authentication,
    known_as: &Subject,
    note: Option<&LoginNote>,
) -> Result<(), Unfit> {
    let has_just_signed_in = note.is_some_and(|note| note.is_met_by(user));
    if !has_just_signed_in {
        signed_in_lately(service, wanted, user).map_err(Unfit::Until)?;
    }
    if !wanted.admits(known_as) {
        let reason = LoginReason::OtherUser;
        return Err(if has_just_signed_in {
            Unfit::For(Cause::LoginRequired(reason))
        } else {
            Unfit::Until(reason)
        });
    }
    if wanted.acr.is_met_by(user.acr()) {
        return Ok(());
    }
    let is_in_reach = wanted.acr.values.iter().any(|acr| service.acr_values.contains(acr));
    let may_yet_be_met = is_in_reach && !has_just_signed_in;
    match (wanted.acr.essential, may_yet_be_met) {
        (true, false) => Err(Unfit::For(Cause::UnmetAuthenticationRequirements)),
        // What is voluntary is done without where it cannot be had.
        (false, false) => Ok(()),
        (false, true) if wanted.prompt.none => Ok(()),
        (_, true) => Err(Unfit::Until(LoginReason::Acr)),
    }
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
    let elapsed = || service.now().seconds_since(user.authenticated_at());
    match wanted.max_age.map(|age| age.as_secs()) {
        Some(age) if age == 0 || elapsed() > age => Err(LoginReason::MaxAge),
        _ => Ok(()),
    }
}
