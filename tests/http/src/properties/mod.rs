//! The properties, one function each, by what they are about.

mod cross_origin;
mod errors;
mod flow;
mod introspection;
mod logout;
mod openid;
mod pages;
mod pkce;
mod refresh;
mod revocation;
mod routes;

use std::pin::Pin;

use crate::target::Target;

/// A property, to be looked for in a server.
pub struct Property {
    /// What it says.
    pub name: &'static str,
    /// Panics where it does not hold.
    pub check: fn(Target) -> Pin<Box<dyn Future<Output = ()>>>,
}

/// Names each property once.
macro_rules! properties {
    ($($file:ident: $($property:ident),+;)+) => {
        &[$($(Property {
            name: concat!(stringify!($file), "::", stringify!($property)),
            check: |target| Box::pin($file::$property(target)),
        }),+),+]
    };
}

/// All that a server must do.
pub const PROPERTIES: &[Property] = properties! {
    flow:
        a_link_leads_to_the_resource_over_login_consent_and_code,
        what_is_no_token_or_covers_another_scope_opens_nothing,
        who_is_signed_in_and_has_allowed_is_asked_no_more,
        a_client_that_anybody_can_impersonate_is_asked_about_every_time,
        a_denial_and_a_cancelled_login_are_told_to_the_client,
        a_failed_redemption_leaves_the_code_as_it_was,
        a_code_redeemed_twice_ends_its_tokens;
    pkce:
        a_wrong_verifier_or_none_consumes_nothing,
        a_public_client_does_not_get_a_code_without_a_challenge,
        a_plain_challenge_is_refused;
    errors:
        the_token_endpoint_says_what_is_wrong,
        a_client_that_cannot_prove_itself_is_challenged,
        a_request_that_names_no_known_address_ends_on_a_page,
        a_request_with_another_fault_leads_back_to_the_client;
    refresh:
        a_public_clients_refresh_token_is_replaced_and_a_lost_answer_comes_again,
        an_old_refresh_token_that_comes_back_ends_everything,
        a_refresh_token_serves_its_client_only_and_never_more_than_was_allowed;
    revocation:
        a_revoked_token_takes_the_others_with_it,
        a_token_of_another_client_or_of_nobody_is_not_revoked;
    introspection:
        a_resource_server_sees_what_is_addressed_to_it_and_nobody_else_does;
    openid:
        the_metadata_are_the_same_in_every_place,
        an_id_token_is_signed_by_a_published_key_and_says_who_signed_in,
        userinfo_tells_what_was_allowed_to_whoever_shows_a_token;
    logout:
        a_client_that_shows_its_id_token_signs_its_user_out,
        whoever_is_sent_without_proof_is_asked_first,
        nobody_is_led_to_an_address_that_is_not_registered;
    pages:
        no_page_is_kept_or_framed,
        cookies_are_out_of_reach_and_new_at_each_login,
        a_session_that_has_ended_is_not_known_by_its_cookie_any_more,
        a_wrong_password_is_told_and_the_right_one_still_serves,
        a_form_that_this_browser_was_not_given_does_nothing,
        a_form_that_is_too_long_is_not_read;
    routes:
        each_endpoint_says_which_methods_it_takes,
        what_is_not_there_is_not_found,
        a_body_that_is_too_long_is_refused;
    cross_origin:
        pages_of_other_origins_call_what_reads_no_cookie,
        no_page_reads_what_a_cookie_opens;
};
