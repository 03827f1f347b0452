//! An authorization server as simple as can be: one machine that does one thing
//! at a time, with all that it knows in plain sight. It shares nothing with the
//! real one but the protocol.

use std::collections::BTreeMap;

/// How long things live here, in seconds.
pub(crate) const CODE_LIFETIME: i64 = 60;
pub(crate) const ACCESS_LIFETIME: i64 = 600;
pub(crate) const IDLE_LIFETIME: i64 = 1500;
pub(crate) const ABSOLUTE_LIFETIME: i64 = 4000;
pub(crate) const GRACE: i64 = 10;

/// What somebody asks of the server.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// The browser comes with the application's request.
    Authorize,
    /// The user allows it.
    Decide {
        ticket: String,
    },
    Redeem {
        code: String,
        claim: Claim,
    },
    Refresh {
        token: String,
        claim: Claim,
    },
    Revoke {
        token: String,
        claim: Claim,
    },
    /// The resource server gets an access token.
    Validate {
        token: String,
    },
    Introspect {
        token: String,
    },
    /// The user takes back what the application may do.
    Withdraw,
    /// The first part of that: the user will be asked again.
    Forget,
    /// The other parts: the grant of this code is ended.
    End {
        code: String,
    },
    Sweep,
}

/// Whether what comes with a code or a token is what has to come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Right,
    OtherClient,
    OtherVerifier,
    OtherRedirectUri,
}

/// What the server answers, unless it is unavailable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Code(String),
    /// The user has to be asked.
    Consent(String),
    Tokens {
        access: String,
        refresh: String,
        expires_in: i64,
    },
    Refused,
    Done,
    Valid(bool),
}

/// When something is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Tells one request from another.
    pub(crate) asker: usize,
    pub(crate) now: i64,
    /// Whether a withdrawal goes on at the same time.
    pub(crate) beside_withdrawal: bool,
}

/// All that the machine knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    consented: bool,
    /// By their codes.
    grants: BTreeMap<String, Life>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Life {
    Coded { approved_at: i64 },
    Active(Tokens),
    Ended,
}

/// What was issued, and is alive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tokens {
    redeemed_by: usize,
    approved_at: i64,
    end: i64,
    /// Every access token and when it expires.
    access: BTreeMap<String, i64>,
    /// Every refresh token that there was, the latest last; `None` if nobody
    /// has seen it.
    refresh: Vec<Option<String>>,
    /// When the latest was made.
    since: i64,
}

impl Model {
    /// The machine after it was asked this and told `answer`, or nobody knows
    /// what; `None` if it would have answered otherwise.
    pub(crate) fn after(&self, ask: &Ask, at: Moment, answer: Option<&Answer>) -> Option<Self> {
        let mut next = self.clone();
        let Moment { asker, now, beside_withdrawal } = at;
        let told = |expected| answer.is_none_or(|answer| *answer == expected);
        let fits = match ask {
            Ask::Authorize => match answer {
                Some(Answer::Code(code)) => next.consented && next.approve(code, now),
                Some(Answer::Consent(_)) => !next.consented,
                Some(Answer::Refused) => beside_withdrawal,
                answer => answer.is_none(),
            },
            Ask::Decide { .. } => match answer {
                Some(Answer::Refused) => beside_withdrawal,
                Some(Answer::Code(code)) => next.remember() && next.approve(code, now),
                answer => answer.is_none() && next.remember(),
            },
            Ask::Redeem { code, claim } => next.redeem(asker, code, *claim, now, answer),
            Ask::Refresh { token, claim } => next.refresh(token, *claim, now, answer),
            Ask::Revoke { token, claim } => told(next.revoke(token, *claim)),
            Ask::Validate { token } | Ask::Introspect { token } => {
                told(Answer::Valid(next.is_valid(token, now)))
            }
            Ask::Forget => {
                next.consented = false;
                told(Answer::Done)
            }
            Ask::End { code } => {
                next.grants.entry(code.clone()).and_modify(|life| *life = Life::Ended);
                told(Answer::Done)
            }
            Ask::Sweep => next.sweep(now) && told(Answer::Done),
            Ask::Withdraw => false,
        };
        fits.then_some(next)
    }

    fn remember(&mut self) -> bool {
        self.consented = true;
        true
    }

    /// A code that was never handed out before.
    fn approve(&mut self, code: &str, now: i64) -> bool {
        self.grants.insert(code.to_owned(), Life::Coded { approved_at: now }).is_none()
    }

    /// A code gives tokens once. Whoever brings it again with everything right
    /// ends what it gave; whoever has something wrong changes nothing.
    fn redeem(
        &mut self,
        asker: usize,
        code: &str,
        claim: Claim,
        now: i64,
        answer: Option<&Answer>,
    ) -> bool {
        let refused = answer.is_none_or(|answer| *answer == Answer::Refused);
        let Some(life) = self.grants.get_mut(code).filter(|_| claim == Claim::Right) else {
            return refused;
        };
        match life {
            Life::Coded { approved_at } if now < *approved_at + CODE_LIFETIME => {
                let mut tokens = Tokens::first(asker, *approved_at, now);
                let fits = tokens.issue(now, answer);
                *life = Life::Active(tokens);
                fits
            }
            // Who lost the answer of a store is no thief.
            Life::Active(tokens) if tokens.redeemed_by == asker => false,
            Life::Active(_) => {
                *life = Life::Ended;
                refused
            }
            Life::Coded { .. } | Life::Ended => refused,
        }
    }

    /// The latest refresh token gives the next; the one before gives the same
    /// again within the grace; any older one, or that one later, ends it all.
    fn refresh(&mut self, token: &str, claim: Claim, now: i64, answer: Option<&Answer>) -> bool {
        let refused = answer.is_none_or(|answer| *answer == Answer::Refused);
        let Some(life) = self.life_of(token).filter(|_| claim == Claim::Right) else {
            return refused;
        };
        let Life::Active(tokens) = life else { return refused };
        let Some(age) = tokens.age(token).filter(|_| now < tokens.end) else { return refused };
        match age {
            0 => {
                tokens.rotate(now);
                tokens.issue(now, answer)
            }
            1 if now < tokens.since + GRACE => tokens.issue(now, answer),
            _ => {
                *life = Life::Ended;
                refused
            }
        }
    }

    /// Any token of a grant ends it; a token that is none is as good as revoked.
    fn revoke(&mut self, token: &str, claim: Claim) -> Answer {
        match self.life_of(token) {
            Some(_) if claim != Claim::Right => Answer::Refused,
            Some(life) => {
                *life = Life::Ended;
                Answer::Done
            }
            None => Answer::Done,
        }
    }

    fn is_valid(&mut self, token: &str, now: i64) -> bool {
        let Some(Life::Active(tokens)) = self.life_of(token) else { return false };
        match tokens.access.get(token) {
            Some(expires_at) => now < *expires_at,
            None => tokens.age(token) == Some(0) && now < tokens.end,
        }
    }

    /// Takes what has come to its end, and no token of it may be valid then.
    fn sweep(&mut self, now: i64) -> bool {
        let mut harmless = true;
        for life in self.grants.values_mut() {
            let end = match life {
                Life::Coded { approved_at } => *approved_at + CODE_LIFETIME,
                Life::Active(tokens) => tokens.end,
                Life::Ended => continue,
            };
            if end <= now {
                harmless &= !life.is_valid_for_somebody(now);
                *life = Life::Ended;
            }
        }
        harmless
    }

    /// The grant that a token is alive by.
    fn life_of(&mut self, token: &str) -> Option<&mut Life> {
        self.grants.values_mut().find(|life| match life {
            Life::Active(tokens) => {
                tokens.access.contains_key(token) || tokens.age(token).is_some()
            }
            Life::Coded { .. } | Life::Ended => false,
        })
    }
}

impl Life {
    fn is_valid_for_somebody(&self, now: i64) -> bool {
        match self {
            Self::Active(tokens) => tokens.access.values().any(|expires_at| now < *expires_at),
            Self::Coded { .. } | Self::Ended => false,
        }
    }
}

impl Tokens {
    fn first(redeemed_by: usize, approved_at: i64, now: i64) -> Self {
        let (access, refresh) = (BTreeMap::new(), vec![None]);
        let end = (now + IDLE_LIFETIME).min(approved_at + ABSOLUTE_LIFETIME);
        Self { redeemed_by, approved_at, end, access, refresh, since: now }
    }

    fn rotate(&mut self, now: i64) {
        self.refresh.push(None);
        self.since = now;
        self.end = (now + IDLE_LIFETIME).min(self.approved_at + ABSOLUTE_LIFETIME);
    }

    /// How many refresh tokens came after this one.
    fn age(&self, token: &str) -> Option<usize> {
        self.refresh.iter().rev().position(|mine| mine.as_deref() == Some(token))
    }

    /// Whether `answer` brings an access token that lives as long as it should,
    /// and the latest refresh token: the same to everybody, and no older one.
    fn issue(&mut self, now: i64, answer: Option<&Answer>) -> bool {
        let expires_at = (now + ACCESS_LIFETIME).min(self.end);
        let Some(answer) = answer else { return true };
        let Answer::Tokens { access, refresh, expires_in } = answer else { return false };
        let is_latest = self.age(refresh) == Some(0);
        if self.refresh.last() == Some(&None) && self.age(refresh).is_none() {
            self.refresh.pop();
            self.refresh.push(Some(refresh.clone()));
        } else if !is_latest {
            return false;
        }
        let known = self.access.insert(access.clone(), expires_at);
        *expires_in == expires_at - now && known.is_none_or(|known| known == expires_at)
    }
}
