//! The registration of a client, as metadata and as a record.

use codegrant::{Client, ClientBuilder};
use http::Uri;
use url::Url;

use crate::lines;

/// Metadata or a record: what is taken is kept, and reads back as what it was.
pub fn client(data: &[u8]) {
    let Some([text]) = lines(data) else { return };
    let built = serde_json::from_str::<ClientBuilder>(text).ok().and_then(|it| it.build().ok());
    for client in [built, Client::from_record(text).ok()].into_iter().flatten() {
        let record = client.to_record().unwrap();
        let again = Client::from_record(&record).expect("what was kept can be read");
        assert_eq!(format!("{client:?}"), format!("{again:?}"));
        assert_eq!(again.to_record().unwrap(), record);
        assert!(client.scope().covers(client.default_scope()));
        let serves = client.introspects_any() || !client.audiences().is_empty();
        assert!(!serves || !client.is_public());
        assert!(serves || !client.redirect_uris().is_empty());
        assert!(client.backchannel_logout_uri().is_none_or(is_sent_where_it_was_judged));
    }
}

/// The host as it was judged and as it is sent to, which are two parsers' words.
fn is_sent_where_it_was_judged(uri: &str) -> bool {
    let (judged, sent) = (Url::parse(uri).unwrap(), uri.parse::<Uri>().unwrap());
    let again = Url::parse(&format!("{}://{}/", judged.scheme(), sent.authority().unwrap()));
    let place = |url: &Url| (url.host_str().map(str::to_owned), url.port());
    again.is_ok_and(|again| place(&again) == place(&judged))
}
