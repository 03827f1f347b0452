//! What a [`ClientStore`] promises.

use super::Violation;
use super::maker::{AWKWARD, unheard_of};
use super::violation::{promise, same};
use crate::host::ClientStore;
use crate::model::client::Client;
use crate::model::identity::ClientId;

/// A client is found under its id, as it was registered.
pub async fn a_registered_client_is_found_as_it_is(
    store: &dyn ClientStore,
    registered: &Client,
) -> Result<(), Violation> {
    promise("a_registered_client_is_found_as_it_is", async {
        let seen = store.client(registered.id()).await?;
        let seen = seen.map(|client| client.to_record()).transpose()?;
        same("the client", registered.to_record()?, seen.unwrap_or_else(|| "nothing".into()))
    })
    .await
}

/// What is found under an id is the client of that very id; under one that
/// nobody registered, nothing.
pub async fn another_id_is_another_client(
    store: &dyn ClientStore,
    registered: &Client,
) -> Result<(), Violation> {
    promise("another_id_is_another_client", async {
        let id = registered.id().as_str();
        let like_it = [id.to_uppercase(), id.to_lowercase(), format!(" {id}")];
        let ending = AWKWARD.map(|ending| format!("{id}{ending}"));
        for like_it in like_it.into_iter().chain(ending) {
            let Ok(like_it) = ClientId::parse(like_it) else { continue };
            let seen = store.client(&like_it).await?;
            let seen = seen.map_or_else(|| like_it.clone(), |client| client.id().clone());
            same("the id of a client", like_it, seen)?;
        }
        let nobody = ClientId::parse(unheard_of()?)?;
        same("whether a stranger is found", false, store.client(&nobody).await?.is_some())
    })
    .await
}
