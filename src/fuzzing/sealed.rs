//! What was sealed here and comes back.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::Duration;

use crate::model::issuer::Issuer;
use crate::model::timestamp::Timestamp;
use crate::token::access::AccessToken;
use crate::token::code::Code;
use crate::token::credential::{Kind, Sealer, SecretRing, ServerSecret};
use crate::token::logout_ticket::LogoutTicket;
use crate::token::refresh::RefreshToken;
use crate::token::ticket::{ConsentTicket, LoginNote, LoginTicket, Ticket, TicketError};

const KINDS: [Kind; 8] = [
    Kind::Code,
    Kind::AccessToken,
    Kind::WithinJwt,
    Kind::RefreshToken,
    Kind::LoginTicket,
    Kind::LoginNote,
    Kind::ConsentTicket,
    Kind::LogoutTicket,
];

static HERE: LazyLock<Sealer> = LazyLock::new(|| sealer("https://id.example"));
static ELSEWHERE: LazyLock<Sealer> = LazyLock::new(|| sealer("https://id.example/other"));

fn sealer(issuer: &str) -> Sealer {
    let ring = SecretRing::new(ServerSecret::from_random(&[7; 32]));
    Sealer::new(&ring, &Issuer::parse(issuer).unwrap())
}

/// A kind, a place, a bit, and a payload, which is also tried as a text: what
/// opens is what was sealed, as the kind that it was sealed as, to the letter.
pub fn credential(data: &[u8]) {
    let Some((&[kind, place, bit], payload)) = data.split_first_chunk() else { return };
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    if let Ok(text) = std::str::from_utf8(payload) {
        only_as_sealed(text);
    }
    let text = HERE.seal(kind, &[payload]);
    for opened_as in KINDS {
        let expected = (opened_as == kind).then_some(payload);
        assert_eq!(HERE.open(opened_as, &text).as_deref(), expected, "{opened_as:?}");
        assert_eq!(ELSEWHERE.open(opened_as, &text), None);
    }
    let exactly: Option<[u8; 16]> = HERE.open_exactly(kind, &text);
    assert_eq!(exactly.as_ref().map(|it| &it[..]), (payload.len() == 16).then_some(payload));
    points_as_sealed(kind, &text);
    let mut altered = text.into_bytes();
    let place = usize::from(place) % altered.len();
    altered[place] ^= 1 << (bit % 7);
    if let Ok(altered) = std::str::from_utf8(&altered) {
        assert_eq!(HERE.open(kind, altered), None, "{altered}");
    }
}

/// A text of whatever origin opens only if sealing what is in it makes that text.
fn only_as_sealed(text: &str) {
    for kind in KINDS {
        let again = HERE.open(kind, text).map(|payload| HERE.seal(kind, &[&payload]));
        assert!(again.is_none_or(|again| again == text), "{kind:?}");
    }
}

fn points_as_sealed(kind: Kind, text: &str) {
    let code = Code::open(&HERE, text).map(|code| (Kind::Code, code.seal(&HERE)));
    let access = AccessToken::open(&HERE, text);
    let access = access.map(|token| (Kind::AccessToken, token.seal(&HERE)));
    let refresh = RefreshToken::open(&HERE, text);
    let refresh = refresh.map(|token| (Kind::RefreshToken, token.seal(&HERE)));
    for (opened_as, again) in [code, access, refresh].into_iter().flatten() {
        assert_eq!((opened_as, &*again), (kind, text));
    }
}

/// What a ticket could say: it opens in its time and never after, as its own kind,
/// and says the same when it is sealed again.
pub fn ticket(data: &[u8]) {
    opens_in_its_time::<LoginTicket>(data);
    opens_in_its_time::<LoginNote>(data);
    opens_in_its_time::<ConsentTicket>(data);
    opens_in_its_time::<LogoutTicket>(data);
}

fn opens_in_its_time<T: Ticket + Debug>(payload: &[u8]) {
    const LIFETIME: Duration = Duration::from_secs(600);
    let text = HERE.seal(T::KIND, &[payload]);
    let begin = Timestamp::from_unix(i64::MIN);
    let Ok(ticket) = T::open(&HERE, &text, begin, LIFETIME) else { return };
    let end = ticket.asked_at().plus(LIFETIME);
    assert_eq!(T::open(&HERE, &text, end, LIFETIME).err(), Some(TicketError::Expired));
    let again = T::open(&HERE, &ticket.seal(&HERE).unwrap(), begin, LIFETIME).unwrap();
    assert_eq!(format!("{again:?}"), format!("{ticket:?}"));
    for kind in KINDS.into_iter().filter(|kind| *kind != T::KIND) {
        let other = HERE.seal(kind, &[payload]);
        assert_eq!(T::open(&HERE, &other, begin, LIFETIME).err(), Some(TicketError::Forged));
    }
}
