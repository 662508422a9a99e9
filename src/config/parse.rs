//! How values are read. The words about a wrong one are for a person.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use chrono_tz::Tz;
use ipnet::IpNet;
use reqwest::Url;

/// An address that starts with http:// or https://; words about what is wrong with it.
pub fn http_url(text: &str) -> Result<Url, String> {
    let url: Url = text.trim().parse().map_err(|_| "write an address as in http://127.0.0.1:8188".to_owned())?;
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host();
    if fits { Ok(url) } else { Err("the address must start with http:// or https://".into()) }
}

/// An address Instagram can fetch from: https only; this machine is for trying things out.
pub fn public_url(text: &str) -> Result<Url, String> {
    let url: Url = text.trim().parse().map_err(|_| "write an address as in https://pictures.example.org".to_owned())?;
    let loopback = url.host_str().is_some_and(|host| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()));
    if url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && loopback)) {
        Ok(url)
    } else {
        Err("the address must start with https://, or Instagram will not fetch from it".into())
    }
}

/// In bytes.
pub(super) fn megabytes(text: &str) -> Result<u64, String> {
    let megabytes: Option<u64> = text.parse().ok().filter(|megabytes| (1..=1_000_000).contains(megabytes));
    megabytes.map(|megabytes| megabytes * 1_000_000).ok_or_else(|| "write a whole number of MB, from 1 on".into())
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address and a port, as in 127.0.0.1:3000".into())
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| "write an address or a network, as in 127.0.0.1 or 172.16.0.0/12".to_owned())
}

pub(super) fn word(text: &str) -> Result<String, String> {
    let text = text.trim().trim_matches('/');
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    plain.then(|| text.to_owned()).ok_or_else(|| "write one word without spaces".into())
}

pub(super) fn pace(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| (0.001..=600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "write a number of seconds from 0.001 to 600".into())
}

pub(super) fn host(text: &str) -> Result<String, String> {
    let plain = text.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if plain { Ok(text.trim().to_owned()) } else { Err("write names alone, without http:// and without a port, as in box.home".into()) }
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    // An empty variable names none.
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let url = http_url(text)?;
    Ok(url.origin().ascii_serialization())
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("write a number of seconds from 1 to 86400".into()),
    }
}

pub(super) fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| "write an IANA time zone, as in Europe/Rome".into())
}
