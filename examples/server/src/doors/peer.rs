//! Who is at the other end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts as Head;

/// Where the request comes from: the other end of the connection or, behind
/// our proxy, the address that the proxy saw, which it added last.
pub(super) fn address(head: &Head, proxied: bool) -> IpAddr {
    let forwarded = head.headers.get_all("x-forwarded-for").iter().next_back();
    let seen_by_proxy = forwarded
        .filter(|_| proxied)
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    seen_by_proxy.unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(forwarded: &[&str]) -> Head {
        let mut request = axum::http::Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        head.extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
        head
    }

    #[test]
    fn only_our_own_proxy_says_where_a_request_comes_from_and_only_last() {
        let (peer, user) = ("192.0.2.1".parse(), "198.51.100.7".parse());
        for forwarded in [&["10.0.0.1, 198.51.100.7"][..], &["10.0.0.1", "198.51.100.7"]] {
            assert_eq!(Ok(address(&head(forwarded), true)), user);
            assert_eq!(Ok(address(&head(forwarded), false)), peer);
        }
        assert_eq!(Ok(address(&head(&["nonsense"]), true)), peer);
        assert_eq!(Ok(address(&head(&[]), true)), peer);
    }
}
