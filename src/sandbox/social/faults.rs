//! What is to go wrong with a call, from a test or over HTTP: at which step, before or after its effect, and how.

use std::{sync::Arc, sync::Mutex, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use super::{cut_off, lock};

/// One thing that is to go wrong, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault<S, A> {
    /// With which call.
    pub step: S,
    /// Before what the call does, or after.
    #[serde(default)]
    pub when: When,
    /// How.
    pub what: What<A>,
    /// Whose call, by the account's name; anybody's when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// On which side of the effect of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Nothing was done yet.
    #[default]
    Before,
    /// It was done, and not answered yet.
    After,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What<A> {
    /// So many milliseconds pass; then it goes on.
    Delay(u64),
    /// Nothing happens until it is let go; then it goes on.
    Hang,
    /// It never gets through: nothing happens, and nothing is ever answered.
    Swallow,
    /// The connection is reset.
    Reset,
    /// What the network holds of the account and has not published is forgotten; then it goes on.
    Lose,
    /// This is answered.
    Say(A),
}

impl<S, A> Fault<S, A> {
    /// Before the effect of a call.
    pub fn before(step: S, what: What<A>) -> Self {
        Self { step, when: When::Before, what, account: None }
    }

    /// After its effect.
    pub fn after(step: S, what: What<A>) -> Self {
        Self { step, when: When::After, what, account: None }
    }

    /// The same for the calls of one account.
    pub fn of(self, account: impl Into<String>) -> Self {
        Self { account: Some(account.into()), ..self }
    }
}

/// The faults that are asked for, and the calls that came.
pub struct Faults<S, A> {
    asked: watch::Sender<Vec<Fault<S, A>>>,
    let_go: watch::Sender<()>,
    calls: Mutex<Vec<(S, String)>>,
}

/// What a network does about a fault.
pub(in crate::sandbox) trait Spoiled<A> {
    /// Answers that.
    fn say(&self, answer: A) -> Response;

    /// Forgets what it holds of the account and has not published.
    fn lose(&self, account: &str);
}

impl<S, A> Default for Faults<S, A> {
    fn default() -> Self {
        Self { asked: watch::Sender::new(Vec::new()), let_go: watch::Sender::new(()), calls: Mutex::default() }
    }
}

impl<S: Copy + PartialEq, A: Clone> Faults<S, A> {
    /// Asks for a fault; it happens once, after those like it that were asked for before.
    pub fn ask(&self, fault: Fault<S, A>) {
        self.asked.send_modify(|asked| asked.push(fault));
    }

    /// Takes back all that have not happened.
    pub fn clear(&self) {
        self.asked.send_modify(Vec::clear);
    }

    /// Those that have not happened yet.
    pub fn pending(&self) -> Vec<Fault<S, A>> {
        self.asked.borrow().clone()
    }

    /// Waits until all that were asked for have begun to happen.
    pub async fn happened(&self) {
        // The sender lives as long as this.
        let _ = self.asked.subscribe().wait_for(Vec::is_empty).await;
    }

    /// Lets go on what hangs.
    pub fn let_go(&self) {
        self.let_go.send_replace(());
    }

    /// How often that call came, of all accounts.
    pub fn calls(&self, step: S) -> usize {
        lock(&self.calls).iter().filter(|(called, _)| *called == step).count()
    }

    /// The calls of an account, in order.
    pub fn calls_of(&self, account: &str) -> Vec<S> {
        lock(&self.calls).iter().filter(|(_, caller)| caller == account).map(|(step, _)| *step).collect()
    }

    /// Carries a call out, past what was asked to go wrong with it.
    pub(in crate::sandbox) async fn pass(
        &self,
        step: S,
        account: &str,
        network: &impl Spoiled<A>,
        effect: impl Future<Output = impl IntoResponse>,
    ) -> Response {
        lock(&self.calls).push((step, account.to_owned()));
        if let Some(answer) = self.spoil(step, When::Before, account, network).await {
            return answer;
        }
        let answer = effect.await.into_response();
        if !answer.status().is_success() {
            return answer;
        }
        self.spoil(step, When::After, account, network).await.unwrap_or(answer)
    }

    async fn spoil(&self, step: S, when: When, account: &str, network: &impl Spoiled<A>) -> Option<Response> {
        match self.take(step, when, account)? {
            What::Delay(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            What::Hang => {
                let mut gate = self.let_go.subscribe();
                // The sender lives as long as this.
                let _ = gate.changed().await;
            }
            What::Swallow => std::future::pending().await,
            What::Lose => network.lose(account),
            What::Reset => return Some(cut_off()),
            What::Say(answer) => return Some(network.say(answer)),
        }
        None
    }

    fn take(&self, step: S, when: When, account: &str) -> Option<What<A>> {
        let fits =
            |fault: &Fault<S, A>| fault.step == step && fault.when == when && fault.account.as_deref().is_none_or(|only| only == account);
        let mut taken = None;
        self.asked.send_if_modified(|asked| {
            taken = asked.iter().position(fits).map(|at| asked.remove(at).what);
            taken.is_some()
        });
        taken
    }
}

/// `/sandbox/faults` to see, ask for and take back faults, and `/sandbox/let-go`.
pub(in crate::sandbox) fn routes<S, A>(faults: Arc<Faults<S, A>>) -> Router
where
    S: Copy + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static,
    A: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    type Shared<S, A> = State<Arc<Faults<S, A>>>;
    let list = async |State(faults): Shared<S, A>| Json(faults.pending());
    let ask = async |State(faults): Shared<S, A>, Json(fault): Json<Fault<S, A>>| {
        faults.ask(fault);
        StatusCode::NO_CONTENT
    };
    let clear = async |State(faults): Shared<S, A>| {
        faults.clear();
        StatusCode::NO_CONTENT
    };
    let let_go = async |State(faults): Shared<S, A>| {
        faults.let_go();
        StatusCode::NO_CONTENT
    };
    Router::new().route("/sandbox/faults", get(list).post(ask).delete(clear)).route("/sandbox/let-go", post(let_go)).with_state(faults)
}
