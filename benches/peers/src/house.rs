//! A side with as many live grants as asked for, and the client that it serves.

use http::header::LOCATION;
use http::{Response, StatusCode};

use crate::meter::{Meter, Stopwatch};
use crate::request;
use crate::side::{LIFETIME, Side};

/// Seconds between two sweeps, as the peer that has them shows in its example.
const SWEEP: u64 = 60;
/// How many grants, from all over the house, are kept at hand at most; none of
/// the oldest tenth, which is about to expire.
const AT_HAND: usize = 25_000;

/// Grants come evenly, so many in a [`LIFETIME`] as shall live, each of a user of
/// its own; once a minute what expired is forgotten.
pub struct House<S> {
    side: S,
    live: usize,
    flows: usize,
    seconds: u64,
    at_hand: Vec<Grant>,
    /// What each sweep took.
    sweeps: Vec<f64>,
}

/// What a client remembers of a grant.
#[derive(Clone)]
pub struct Grant {
    pub code: String,
    pub access_token: String,
    pub refresh_token: String,
}

/// What a flow took.
pub struct Flow {
    pub authorize: f64,
    pub exchange: f64,
    pub validate: f64,
}

impl Flow {
    pub const fn whole(&self) -> f64 {
        self.authorize + self.exchange + self.validate
    }
}

impl<S: Side> House<S> {
    pub fn new(live: usize) -> Self {
        let mut house = Self::empty(live);
        let each = live.div_ceil(AT_HAND);
        for number in 0..live {
            let grant = house.add();
            house.side.note(&grant.access_token, &grant.refresh_token);
            if number > live / 10 && number.is_multiple_of(each) {
                house.at_hand.push(grant);
            }
        }
        house
    }

    /// One that was not filled yet, for `live` grants.
    pub fn empty(live: usize) -> Self {
        Self { side: S::new(), live, flows: 0, seconds: 0, at_hand: Vec::new(), sweeps: Vec::new() }
    }

    /// One grant more, and the time that passes until the next.
    pub fn add(&mut self) -> Grant {
        let (grant, _) = self.flow(&Stopwatch);
        self.pass_time();
        grant
    }

    /// Steps 2 to 8. What the client does between them is not read.
    pub fn flow(&mut self, meter: &impl Meter) -> (Grant, Flow) {
        let (code, authorize) = self.authorize(meter);
        let ((access_token, refresh_token), exchange) = self.exchange(&code, meter);
        let validate = self.validate(&access_token, meter);
        (Grant { code, access_token, refresh_token }, Flow { authorize, exchange, validate })
    }

    /// A flow and the passing of time: as many grants are forgotten as are added.
    pub fn steady_flow(&mut self, meter: &impl Meter) -> Flow {
        let (grant, flow) = self.flow(meter);
        self.side.note(&grant.access_token, &grant.refresh_token);
        self.pass_time();
        flow
    }

    pub fn authorize(&mut self, meter: &impl Meter) -> (String, f64) {
        self.side.sign_in(&format!("user-{:08}", self.flows));
        let request = request::authorization();
        let (redirect, reading) = meter.read(|| self.side.authorize(request));
        (code_in(&redirect), reading)
    }

    pub fn exchange(&mut self, code: &str, meter: &impl Meter) -> ((String, String), f64) {
        let request = request::exchange(code);
        let (answer, reading) = meter.read(|| self.side.token(request));
        (Self::tokens_of(answer), reading)
    }

    pub fn validate(&mut self, access_token: &str, meter: &impl Meter) -> f64 {
        let request = request::resource(access_token);
        let (may_read, reading) = meter.read(|| self.side.may_read(request));
        assert!(may_read, "{}: a token that was just issued is good for nothing", S::NAME);
        reading
    }

    pub fn refresh(&mut self, grant: &Grant, meter: &impl Meter) -> f64 {
        let request = request::refresh(&grant.refresh_token);
        let (answer, reading) = meter.read(|| self.side.token(request));
        Self::tokens_of(answer);
        reading
    }

    /// A code used once more.
    pub fn replay(&mut self, grant: &Grant, meter: &impl Meter) -> f64 {
        let request = request::exchange(&grant.code);
        let (answer, reading) = meter.read(|| self.side.token(request));
        assert!(answer.status().is_client_error(), "{}: a code was redeemed twice", S::NAME);
        reading
    }

    /// Whether a grant's access token is still good.
    pub fn is_alive(&mut self, grant: &Grant) -> bool {
        self.side.may_read(request::resource(&grant.access_token))
    }

    /// Grants from all over the house, each to be used once.
    pub fn take_grants_at_hand(&mut self) -> Vec<Grant> {
        std::mem::take(&mut self.at_hand)
    }

    /// How many grants are alive.
    pub const fn live(&self) -> usize {
        self.live
    }

    /// What each sweep took since the last time this was asked.
    pub fn take_sweeps(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.sweeps)
    }

    pub fn side(&mut self) -> &mut S {
        &mut self.side
    }

    fn tokens_of(answer: Response<S::Body>) -> (String, String) {
        let status = answer.status();
        tokens_in(status, &S::text(answer.into_body()))
    }

    /// After a flow. Forgets, once a minute, what expired.
    fn pass_time(&mut self) {
        self.flows += 1;
        let seconds = self.flows as u64 * LIFETIME / self.live as u64;
        let passed = seconds - self.seconds;
        self.side.advance(passed);
        if seconds / SWEEP > self.seconds / SWEEP {
            let (_, sweep) = Stopwatch.read(|| self.side.sweep());
            self.sweeps.push(sweep);
        }
        self.seconds = seconds;
    }
}

/// The code in a redirect to the client.
pub(crate) fn code_in<B>(redirect: &Response<B>) -> String {
    let location = redirect.headers()[LOCATION].to_str().unwrap();
    let (_, query) = location.split_once('?').unwrap();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    code.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
}

/// The access token and the refresh token in an answer of the token endpoint.
pub(crate) fn tokens_in(status: StatusCode, body: &str) -> (String, String) {
    assert!(status.is_success(), "{body}");
    (member(body, "access_token"), member(body, "refresh_token"))
}

/// A member of flat JSON whose value needs no escapes.
fn member(json: &str, name: &str) -> String {
    let (_, behind) = json.split_once(&format!("\"{name}\":\"")).unwrap();
    behind.split_once('"').unwrap().0.to_owned()
}
