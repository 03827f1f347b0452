//! Those who ask, whatever comes to their minds.

use std::sync::Arc;

use codegrant::CodeStore;
use shuttle::future::{block_on, spawn};
use shuttle::rand::{Rng, thread_rng};

use super::model::{Answer, Ask, Claim};
use super::store::Faults;
use super::world::{Held, Node, World};

/// One run: how far each node's clock is off, how much is asked of each node,
/// what goes wrong with the store, whether what expired is swept, and which store
/// it is.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) skews: &'static [i64],
    pub(crate) requests: usize,
    pub(crate) faults: Faults,
    pub(crate) sweeps: bool,
    pub(crate) store: fn() -> Arc<dyn CodeStore>,
}

impl Scene {
    /// Plays it once, under whatever schedule, and judges what was answered.
    pub(crate) fn play(self) {
        let world = World::new((self.store)());
        block_on(async {
            let calm = world.node(0, Faults::None);
            begin(&calm).await;
            let actors: Vec<_> = self
                .skews
                .iter()
                .map(|skew| world.node(*skew, self.faults))
                .map(|node| spawn(async move { self.act(&node).await }))
                .collect();
            for actor in actors {
                actor.await.unwrap();
            }
            finish(&calm).await;
        });
        world.assert_explicable(self.faults != Faults::Any);
    }

    async fn act(self, node: &Node) {
        for _ in 0..self.requests {
            match thread_rng().gen_range(0..8) {
                0 => node.world.pass(*any(&[1, 5, 9, 10, 11, 59, 60, 600, 1500]).unwrap()),
                1 if self.sweeps => {
                    node.does(Ask::Sweep).await;
                }
                _ => {
                    let ask = thought(&node.world.held());
                    node.does(ask).await;
                }
            }
        }
    }
}

/// Alice allows the application for the first time.
async fn begin(node: &Node) {
    let Some(Answer::Consent(ticket)) = node.does(Ask::Authorize).await else {
        panic!("nobody asked alice")
    };
    node.does(Ask::Decide { ticket }).await;
}

/// Whoever holds anything tries it once more.
async fn finish(node: &Node) {
    let Held { codes, access, refresh, .. } = node.world.held();
    for token in &access {
        node.does(Ask::Validate { token: token.clone() }).await;
    }
    for token in access.into_iter().chain(refresh.clone()) {
        node.does(Ask::Introspect { token }).await;
    }
    for token in refresh {
        node.does(Ask::Refresh { token, claim: Claim::Right }).await;
    }
    for code in codes {
        node.does(Ask::Redeem { code, claim: Claim::Right }).await;
    }
    for token in node.world.held().access {
        node.does(Ask::Validate { token }).await;
    }
}

/// Something to ask by somebody who holds this.
fn thought(held: &Held) -> Ask {
    let claim = match thread_rng().gen_range(0..8) {
        0 => Claim::OtherClient,
        1 => Claim::OtherVerifier,
        2 => Claim::OtherRedirectUri,
        _ => Claim::Right,
    };
    // What only a code request has cannot be wrong with a token.
    let of_token = if claim == Claim::OtherClient { claim } else { Claim::Right };
    let latest = |tokens: &[String]| any(&tokens[tokens.len().saturating_sub(3)..]).cloned();
    let thought = match thread_rng().gen_range(0..19) {
        0..4 => any(&held.codes).map(|code| Ask::Redeem { code: code.clone(), claim }),
        4..9 => latest(&held.refresh).map(|token| Ask::Refresh { token, claim: of_token }),
        9..11 => latest(&held.access).map(|token| Ask::Validate { token }),
        11 => latest(&held.access).map(|token| Ask::Introspect { token }),
        12 => latest(&held.refresh).map(|token| Ask::Introspect { token }),
        13 => latest(&held.access).map(|token| Ask::Revoke { token, claim: of_token }),
        14 => latest(&held.refresh).map(|token| Ask::Revoke { token, claim: of_token }),
        15 => Some(Ask::Withdraw),
        16 => latest(&held.tickets).map(|ticket| Ask::Decide { ticket }),
        _ => Some(Ask::Authorize),
    };
    // Who has no token yet tries to get one.
    thought.or_else(|| Some(Ask::Redeem { code: any(&held.codes)?.clone(), claim })).unwrap()
}

fn any<T>(things: &[T]) -> Option<&T> {
    let place = (!things.is_empty()).then(|| thread_rng().gen_range(0..things.len()))?;
    things.get(place)
}
