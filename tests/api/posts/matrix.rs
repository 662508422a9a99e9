//! The matrix: each step of the way, and everything that can go wrong with it. A post goes out once, or not at all and
//! says so; and once a person has seen to it, it is out once.

use std::time::Duration;

use digital_dalla::sandbox::{
    instagram::{self, Answer},
    social::{Fault, What, When},
    x,
};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::TestApp;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// No answer in time, and it takes effect afterwards.
    LateEffect,
    /// It took effect, and there is no answer in time.
    LateAnswer,
    /// The connection is reset before anything happened.
    ResetBefore,
    /// The same after it took effect.
    ResetAfter,
    /// 5xx, and nothing happened.
    BrokenBefore,
    /// 5xx although it took effect.
    BrokenAfter,
    /// Too many calls.
    TooMany,
    /// The token has expired.
    Expired,
    /// What was handed over is forgotten first.
    Lost,
    /// It is said to have failed although it is live.
    FalselyFailed,
}

use Wrong::{BrokenAfter, BrokenBefore, Expired, FalselyFailed, LateAnswer, LateEffect, Lost, ResetAfter, ResetBefore, TooMany};

const ALL: [Wrong; 10] =
    [LateEffect, LateAnswer, ResetBefore, ResetAfter, BrokenBefore, BrokenAfter, TooMany, Expired, Lost, FalselyFailed];

/// A step of the way on one of the networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Instagram(instagram::Step),
    X(x::Step),
}

impl Step {
    fn of(network: &str) -> Vec<Self> {
        use instagram::Step::{Create, Gather, Me, Permalink, Publish, Quota, Status};
        match network {
            "instagram" => [Me, Quota, Create, Gather, Status, Publish, Permalink].map(Step::Instagram).to_vec(),
            _ => [x::Step::Me, x::Step::Upload, x::Step::Describe, x::Step::Post].map(Step::X).to_vec(),
        }
    }

    /// The call that makes it public.
    fn publishes(self) -> bool {
        matches!(self, Step::Instagram(instagram::Step::Publish) | Step::X(x::Step::Post))
    }

    /// A call without which the post is the same, but for its trimmings.
    fn is_cosmetic(self) -> bool {
        matches!(self, Step::Instagram(instagram::Step::Permalink) | Step::X(x::Step::Describe))
    }
}

/// How a post ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Out, once.
    Out,
    /// Not out, held because of the account.
    Account,
    /// Not out, waiting for a time that is far away.
    Waits,
    /// Nobody knows, so it is not sent again.
    Doubt,
}

fn expected(step: Step, wrong: Wrong) -> Ends {
    let quota = step == Step::Instagram(instagram::Step::Quota);
    match wrong {
        LateEffect | LateAnswer | ResetAfter | BrokenAfter | Lost | FalselyFailed => Ends::Out,
        ResetBefore | BrokenBefore if step.publishes() => Ends::Doubt,
        ResetBefore | BrokenBefore => Ends::Out,
        // X says when to come again: a second later.
        TooMany if step.is_cosmetic() || quota || matches!(step, Step::X(_)) => Ends::Out,
        TooMany => Ends::Waits,
        Expired if step.is_cosmetic() => Ends::Out,
        Expired => Ends::Account,
    }
}

/// The fault, in each network's own words; none where it makes no sense.
fn faults(step: Step, wrong: Wrong) -> Option<(When, What<Answer>, What<x::Answer>)> {
    Some(match wrong {
        LateEffect => (When::Before, What::Hang, What::Hang),
        LateAnswer => (When::After, What::Hang, What::Hang),
        ResetBefore => (When::Before, What::Reset, What::Reset),
        ResetAfter => (When::After, What::Reset, What::Reset),
        BrokenBefore => (When::Before, What::Say(Answer::Http(502)), What::Say(x::Answer::Http(503))),
        BrokenAfter => (When::After, What::Say(Answer::Code(-1, 2_207_001)), What::Say(x::Answer::Http(500))),
        TooMany => (When::Before, What::Say(Answer::Code(4, 0)), What::Say(x::Answer::TooMany(1))),
        Expired => (When::Before, What::Say(Answer::Code(190, 463)), What::Say(x::Answer::Unauthorized)),
        Lost => {
            let handing_over = matches!(step, Step::Instagram(instagram::Step::Create) | Step::X(x::Step::Upload));
            if !handing_over && !step.publishes() {
                return None;
            }
            (if handing_over { When::After } else { When::Before }, What::Lose, What::Lose)
        }
        FalselyFailed if !step.publishes() => return None,
        FalselyFailed => (When::After, What::Say(Answer::Code(4, 2_207_051)), What::Say(x::Answer::Duplicate)),
    })
}

struct Case {
    step: Step,
    wrong: Wrong,
    character: String,
    account: String,
    post: String,
}

impl Case {
    fn out(&self, app: &TestApp) -> usize {
        match self.step {
            Step::Instagram(_) => app.instagram.posts().iter().filter(|post| post.account == self.account).count(),
            Step::X(_) => app.x.posts().iter().filter(|post| post.account == self.account).count(),
        }
    }

    /// What a person does once she has read why it is not out.
    async fn see_to_it(&self, app: &TestApp, ends: Ends, number: u64) {
        match ends {
            Ends::Out => return,
            Ends::Waits => {}
            Ends::Account => {
                let [_, _, token, _] = x::keys(number);
                let keys = json!({"instagramApiKey": format!("{}r1", instagram::token(number)), "twitterAccessToken": token});
                assert_eq!(app.patch(&format!("/api/characters/{}", self.character), keys).await.status, 200);
            }
            Ends::Doubt => {
                let resolved = app.post(&format!("/api/posts/{}/resolve", self.post), json!({"published": false})).await;
                assert_eq!(resolved.status, 200, "{}", resolved.text);
            }
        }
        let sent = app.post(&format!("/api/posts/{}/publish", self.post), json!({})).await;
        assert_eq!(sent.status, 200, "{:?} {:?}: {}", self.step, self.wrong, sent.text);
    }
}

fn ended(post: &Value) -> Option<Ends> {
    match post["state"].as_str()? {
        "published" if post["url"].is_string() => Some(Ends::Out),
        "held" if post["check"] == "account" => Some(Ends::Account),
        "scheduled" => {
            let until: chrono::DateTime<chrono::Utc> = serde_json::from_value(post["until"].clone()).ok()?;
            (until > chrono::Utc::now() + chrono::Duration::minutes(10)).then_some(Ends::Waits)
        }
        "unconfirmed" if post["looking"] == false => Some(Ends::Doubt),
        "failed" | "held" | "cancelled" => panic!("this is no end for a post: {post}"),
        _ => None,
    }
}

/// All steps of a network with one thing that goes wrong, each with an account of its own.
async fn row(network: &'static str, wrong: Wrong) -> usize {
    // What hangs is waited for as long as this.
    let patience = if matches!(wrong, LateEffect | LateAnswer) { 1_500 } else { 20_000 };
    let app = TestApp::start_changed(|config| config.network_patience = Duration::from_millis(patience)).await;
    app.live().await;
    let mut cases = Vec::new();
    for (place, step) in Step::of(network).into_iter().enumerate() {
        let Some((when, on_instagram, on_x)) = faults(step, wrong) else { continue };
        let number = 20 + place as u64;
        let character = app.persona(number).await;
        let (path, account) = match step {
            Step::Instagram(step) => {
                let account = instagram::username(number);
                app.instagram.faults().ask(Fault { step, when, what: on_instagram, account: Some(account.clone()) });
                ("instagram", account)
            }
            Step::X(step) => {
                let account = x::username(number);
                app.x.faults().ask(Fault { step, when, what: on_x, account: Some(account.clone()) });
                ("twitter", account)
            }
        };
        let several = step == Step::Instagram(instagram::Step::Gather);
        let mut contents = vec![app.approved(&character, &format!("{wrong:?} at {step:?}.")).await];
        if several {
            contents.push(app.approved(&character, "And another.").await);
        }
        let body = json!({"characterId": character, "contentIds": contents, "altText": "A lake"});
        let post = app.order_post(path, body).await;
        cases.push((number, Case { step, wrong, character, account, post }));
    }
    if wrong == LateEffect {
        for (_, case) in cases.iter().filter(|(_, case)| case.step.publishes()) {
            app.until_state(&case.post, "unconfirmed").await;
        }
        app.instagram.faults().let_go();
        app.x.faults().let_go();
    }
    for (number, case) in &cases {
        let post = app.until(&case.post, |post| ended(post).is_some()).await;
        let ends = ended(&post).unwrap();
        let name = format!("{:?} at {:?}", case.wrong, case.step);
        assert_eq!(ends, expected(case.step, wrong), "{name}: {post}");
        assert_eq!(case.out(&app), usize::from(ends == Ends::Out), "{name}: the state says what is: {post}");
        case.see_to_it(&app, ends, *number).await;
    }
    app.instagram.faults().let_go();
    app.x.faults().let_go();
    app.rests().await;
    for (_, case) in &cases {
        assert_eq!(case.out(&app), 1, "{:?} at {:?}: once", case.wrong, case.step);
        assert_eq!(app.post_of(&case.post).await["state"], "published");
    }
    cases.len()
}

async fn matrix(network: &'static str) -> usize {
    join_all(ALL.map(|wrong| row(network, wrong))).await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_on_instagram_a_post_is_out_once() {
    assert_eq!(matrix("instagram").await, 59);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_on_x_a_post_is_out_once() {
    assert_eq!(matrix("x").await, 35);
}
