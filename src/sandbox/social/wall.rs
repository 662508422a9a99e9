//! The page that shows what went out: pictures, words, account, time, link.

use axum::response::Html;
use chrono::{DateTime, Utc};
use html_escape::{encode_double_quoted_attribute as attribute, encode_text as text};

/// A post as the page shows it.
pub(in crate::sandbox) struct Shown {
    pub(in crate::sandbox) account: String,
    pub(in crate::sandbox) caption: String,
    /// Addresses, each with what is to be seen.
    pub(in crate::sandbox) pictures: Vec<(String, String)>,
    pub(in crate::sandbox) at: DateTime<Utc>,
    pub(in crate::sandbox) link: String,
    pub(in crate::sandbox) made_with_ai: bool,
}

/// Everything that went out on a network, newest first.
pub(in crate::sandbox) fn page(network: &str, posts: &[Shown]) -> Html<String> {
    let count = match posts.len() {
        0 => "Nothing went out yet. What is posted in the sandbox appears here.".to_owned(),
        1 => "One post, newest first.".to_owned(),
        many => format!("{many} posts, newest first."),
    };
    let cards: String = posts.iter().rev().map(card).collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{network}, simulated</title><style>{STYLE}</style></head><body><header><h1>{network}<small>simulated</small></h1>\
         <p>{count} Nothing here left this machine.</p></header><main>{cards}</main></body></html>",
    ))
}

fn card(post: &Shown) -> String {
    let pictures: String = post
        .pictures
        .iter()
        .map(|(address, alt)| {
            format!("<img src=\"{}\" alt=\"{}\" title=\"{}\" loading=\"lazy\">", attribute(address), attribute(alt), attribute(alt))
        })
        .collect();
    let many = if post.pictures.len() > 1 { " many" } else { "" };
    let label = if post.made_with_ai { "<span>AI info</span>" } else { "" };
    format!(
        "<article><div class=\"pictures{many}\">{pictures}</div><div class=\"words\"><b>@{}</b><p>{}</p><footer>\
         <a href=\"{}\"><time datetime=\"{}\">{}</time></a>{label}</footer></div></article>",
        text(&post.account),
        text(&post.caption),
        attribute(&post.link),
        post.at.to_rfc3339(),
        post.at.format("%-d %B %Y, %H:%M:%S UTC"),
    )
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ground:light-dark(#f5f5f4,#161618);--card:light-dark(#fff,#212124);--line:light-dark(#e4e4e2,#333338);\
--quiet:light-dark(#66665f,#a3a3a0)}\
*{box-sizing:border-box}body{margin:0;background:var(--ground);font:15px/1.5 system-ui,sans-serif}\
header,main{max-width:1080px;margin:0 auto;padding:24px 16px 0}h1{margin:0;font-size:24px}h1 small{margin-left:8px;font-size:13px;\
font-weight:500;color:var(--quiet)}header p{margin:4px 0 0;color:var(--quiet)}\
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:16px;padding-bottom:48px;align-items:start}\
article{background:var(--card);border:1px solid var(--line);border-radius:14px;overflow:hidden}\
.pictures img{display:block;width:100%;height:auto}.many{display:flex;overflow-x:auto;scroll-snap-type:x mandatory}\
.many img{flex:0 0 92%;scroll-snap-align:start}.words{padding:12px 16px 14px}.words p{margin:4px 0 10px;white-space:pre-wrap;\
overflow-wrap:anywhere}footer{display:flex;gap:8px;align-items:center;font-size:13px;color:var(--quiet)}footer a{color:inherit}\
footer span{padding:0 8px;border:1px solid var(--line);border-radius:10px}";
