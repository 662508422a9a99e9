//! Where a request comes from: the client's address, through proxies that are trusted and no others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, header::FORWARDED},
};
use ipnet::IpNet;

use crate::{domain::access::Caller, state::AppState};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Notes with a request where it comes from.
pub fn note(app: &AppState, request: &mut Request) {
    // Whoever cannot be told apart is a stranger.
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let caller = caller(peer.to_canonical(), request.headers(), &app.config.trusted_proxies);
    request.extensions_mut().insert(caller);
}

fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Caller {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let way = way(headers);
    if !is_trusted(&peer) {
        // A proxy on this machine that nobody has told us of speaks for others, too.
        let for_others = headers.contains_key(FORWARDED) || headers.contains_key(REAL_IP);
        let is_here = !for_others && way.iter().all(|address| address.is_some_and(|address| address.is_loopback()));
        return Caller { address: peer, is_here: is_here && peer.is_loopback(), secure: false };
    }
    // From the nearest back to the first that is not a proxy of ours; what stands before it may be made up.
    let mut address = peer;
    for step in way.into_iter().rev() {
        let Some(step) = step else { break };
        address = step;
        if !is_trusted(&step) {
            break;
        }
    }
    let proto = headers.get(FORWARDED_PROTO).and_then(|proto| proto.to_str().ok()).unwrap_or_default();
    Caller { address, is_here: address.is_loopback(), secure: proto.trim().eq_ignore_ascii_case("https") }
}

/// The addresses in `X-Forwarded-For`, the nearest last; `None` for what is none.
fn way(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lists = headers.get_all(FORWARDED_FOR).iter().map(|list| list.to_str().unwrap_or("?"));
    lists.flat_map(|list| list.split(',')).map(|step| read(step.trim())).collect()
}

/// An address, also with a port or in brackets.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &'static str)]) -> (String, bool, bool) {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        let caller = caller(peer.parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()]);
        (caller.address.to_string(), caller.is_here, caller.secure)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let claims = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("198.51.100.1", &claims), ("198.51.100.1".into(), false, false));
        assert_eq!(seen("10.0.0.1", &claims), ("192.0.2.7".into(), false, true));
        assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", "1.2.3.4, 192.0.2.7, 10.0.0.2")]).0, "192.0.2.7", "the first is made up");
        assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", "1.2.3.4, nonsense, 10.0.0.2")]).0, "10.0.0.2");
        assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", "[2001:db8::1]:5000")]).0, "2001:db8::1");
    }

    #[test]
    fn whoever_comes_through_a_proxy_is_not_at_this_machine() {
        assert!(seen("127.0.0.1", &[]).1);
        assert!(seen("127.0.0.1", &[("x-forwarded-for", "::1")]).1, "a development proxy");
        assert!(!seen("127.0.0.1", &[("x-forwarded-for", "192.0.2.7")]).1);
        assert!(!seen("127.0.0.1", &[("x-forwarded-for", "unknown")]).1);
        assert!(!seen("127.0.0.1", &[("forwarded", "for=192.0.2.7")]).1);
        assert!(!seen("127.0.0.1", &[("x-real-ip", "192.0.2.7")]).1);
        assert!(!seen("192.0.2.7", &[]).1);
    }
}
