//! The soak: many posts of many accounts, with faults thrown in at random. Nothing is out twice, nothing is lost, and
//! nothing is stuck.

use std::{collections::BTreeMap, time::Duration};

use digital_dalla::sandbox::{
    instagram::{self, Answer},
    social::{Fault, What, When},
    x,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::support::TestApp;

const ACCOUNTS: u64 = 10;
const CONTENTS: usize = 20;
const FAULTS: usize = 150;

/// Throws faults in: the same for the same seed.
fn spoil(app: &TestApp, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    for _ in 0..FAULTS {
        use instagram::Step::{Create, Permalink, Publish, Quota, Recent, Status};
        let when = if chance.random_bool(0.5) { When::Before } else { When::After };
        if chance.random_bool(0.5) {
            let step = *[Create, Permalink, Publish, Publish, Quota, Recent, Status].choose(&mut chance).unwrap();
            let passing = [What::Reset, What::Delay(40), What::Say(Answer::Http(502)), What::Say(Answer::Code(-1, 2_207_001)), What::Lose];
            let refused = [What::Say(Answer::Code(9007, 2_207_027)), What::Say(Answer::Code(9004, 2_207_052))];
            let live = [What::Say(Answer::Code(4, 2_207_051)), What::Reset];
            let what = match (step, when) {
                (Publish, When::After) => live.choose(&mut chance),
                (_, When::Before) if chance.random_bool(0.3) => refused.choose(&mut chance),
                _ => passing.choose(&mut chance),
            };
            app.instagram.faults().ask(Fault { step, when, what: what.unwrap().clone(), account: None });
        } else {
            use x::Step::{Describe, Post, Timeline, Upload};
            let step = *[Describe, Post, Post, Timeline, Upload].choose(&mut chance).unwrap();
            let passing = [What::Reset, What::Delay(40), What::Say(x::Answer::Http(503)), What::Lose, What::Say(x::Answer::TooMany(1))];
            let live = [What::Reset, What::Say(x::Answer::Http(500)), What::Say(x::Answer::Duplicate)];
            let what = if (step, when) == (Post, When::After) { live.choose(&mut chance) } else { passing.choose(&mut chance) };
            let when = if matches!(what, Some(What::Say(x::Answer::TooMany(_)))) { When::Before } else { when };
            app.x.faults().ask(Fault { step, when, what: what.unwrap().clone(), account: None });
        }
    }
}

/// Whether a post is where it stays.
fn is_settled(post: &Value) -> bool {
    match post["state"].as_str().unwrap() {
        "published" | "failed" | "held" | "cancelled" => true,
        "unconfirmed" => post["looking"] == false,
        _ => false,
    }
}

/// How often each caption is out.
fn out(app: &TestApp) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    let on_instagram = app.instagram.posts().into_iter().map(|post| post.caption);
    for caption in on_instagram.chain(app.x.posts().into_iter().map(|post| post.text)) {
        *out.entry(caption).or_default() += 1;
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_out_twice_nothing_is_lost_and_nothing_is_stuck() {
    let seed = std::env::var("SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_127);
    let app = TestApp::start_changed(|config| config.network_patience = Duration::from_secs(20)).await;
    app.live().await;
    spoil(&app, seed);
    let mut orders = Vec::new();
    for number in 1..=ACCOUNTS {
        let character = app.persona(100 + number).await;
        for place in 0..CONTENTS {
            // Words as different as pictures, or the duplicate check has its say.
            let caption = format!("{:x}", u64::MAX / (number * 1_000 + place as u64 * 7 + 13));
            let content = app.approved(&character, &caption).await;
            let network = if place % 2 == 0 { "instagram" } else { "twitter" };
            orders.push((
                caption,
                app.order_post(network, json!({"characterId": character, "contentId": content, "altText": "A lake"})).await,
            ));
        }
    }
    let mut for_people = 0;
    for (caption, id) in &orders {
        let post = app.until(id, is_settled).await;
        let out = out(&app).get(caption).copied().unwrap_or(0);
        match post["state"].as_str().unwrap() {
            "published" => assert_eq!(out, 1, "seed {seed}: {post}"),
            "unconfirmed" => assert!(out <= 1, "seed {seed}: {post}"),
            _ => assert_eq!(out, 0, "seed {seed}: {post}"),
        }
        for_people += usize::from(post["state"] != "published");
    }
    assert!(for_people < orders.len() / 4, "seed {seed}: most go out by themselves; {for_people} did not");
    // A person sees to the rest: each is out once then.
    app.instagram.faults().clear();
    app.x.faults().clear();
    for (_, id) in &orders {
        let post = app.post_of(id).await;
        if post["state"] == "unconfirmed" {
            app.post(&format!("/api/posts/{id}/resolve"), json!({"published": false})).await;
        }
        if post["state"] != "published" {
            let sent = app.post(&format!("/api/posts/{id}/publish"), json!({})).await;
            assert_eq!(sent.status, 200, "seed {seed}: {}", sent.text);
        }
    }
    let out = out(&app);
    assert!(out.len() == orders.len() && out.values().all(|count| *count == 1), "seed {seed}: {out:?}");
    app.rests().await;
}
