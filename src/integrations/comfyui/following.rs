//! Following a prompt that was sent, until the history says how it ended.
//!
//! Frames tell how it goes on. History and queue are read beside them, for a socket may close or go silent, and a
//! new one has another id: frames of this prompt do not come through it.

use futures::{Stream, StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::{
    Comfy,
    drawing::Drawing,
    error::{ComfyError, DrawError},
    follower::{Follower, Meaning, Sign},
    frame::Frame,
    socket::Socket,
    wire::{Entry, PromptState},
};

/// Looks in a row that must not find the prompt before it counts as lost: on its way from queue to history it is in
/// neither for a moment.
const LOOKS_BEFORE_LOST: u32 = 2;
/// Looks at the history in a row after the last frame: the entry is written a moment after it.
const LOOKS_AFTER_THE_END: u32 = 20;

/// A prompt on its way.
pub(super) struct Following<'a, W> {
    comfy: &'a Comfy,
    order: &'a Drawing<'a>,
    watch: W,
    follower: Follower,
    socket: Option<Socket>,
    /// When the prompt last showed that it lives.
    sign: Instant,
    /// Since when the server does not answer.
    gone: Option<Instant>,
    /// Looks in a row that did not find it.
    not_found: u32,
}

impl<'a, W: FnMut(Sign) + Send> Following<'a, W> {
    /// Follows `order`, whose frames come through `socket`.
    pub(super) fn new(comfy: &'a Comfy, order: &'a Drawing<'a>, socket: Option<Socket>, watch: W) -> Self {
        let follower = Follower::new(order.prompt_id, order.graph);
        Self { comfy, order, watch, follower, socket, sign: Instant::now(), gone: None, not_found: 0 }
    }

    /// Follows it until it is over.
    pub(super) async fn through(mut self) -> Result<Entry, DrawError> {
        // The looks go on beside the frames: one that hangs must not hold up the progress.
        let mut looks = Box::pin(looks(self.comfy, self.order.prompt_id));
        loop {
            let ended = tokio::select! {
                frame = next(&mut self.socket) => self.hear(frame).await,
                Some(look) = looks.next() => self.see(look).await?,
            };
            if let Some(entry) = ended {
                return Ok(entry);
            }
        }
    }

    async fn hear(&mut self, frame: Option<Frame>) -> Option<Entry> {
        let Some(frame) = frame else {
            self.socket = None;
            return None;
        };
        // While frames come, the server is there, however slowly it answers.
        self.gone = None;
        match self.follower.take(frame) {
            Meaning::Nothing => None,
            Meaning::Alive => {
                self.sign = Instant::now();
                None
            }
            Meaning::Sign(sign) => {
                self.sign = Instant::now();
                (self.watch)(sign);
                None
            }
            Meaning::Over => self.entry().await,
        }
    }

    /// The entry in the history. Not finding it is no end: the regular looks go on.
    async fn entry(&self) -> Option<Entry> {
        for _ in 0..LOOKS_AFTER_THE_END {
            match self.comfy.entry_of(self.order.prompt_id).await {
                Ok(Some(entry)) => return Some(entry),
                Ok(None) => sleep(self.comfy.0.limits.poll / 40).await,
                Err(_) => return None,
            }
        }
        None
    }

    async fn see(&mut self, look: Result<PromptState, ComfyError>) -> Result<Option<Entry>, DrawError> {
        let state = match look {
            Ok(state) => state,
            Err(error) => return self.wait_for_the_server(error).map(|()| None),
        };
        self.gone = None;
        if let Some(sign) = self.follower.see(&state) {
            self.sign = Instant::now();
            (self.watch)(sign);
        }
        match state {
            PromptState::Finished(entry) => return Ok(Some(*entry)),
            // Whoever waits for others is not stuck.
            PromptState::Pending { .. } => (self.sign, self.not_found) = (Instant::now(), 0),
            PromptState::Running => {
                self.not_found = 0;
                self.check_for_stall().await?;
            }
            PromptState::Unknown => self.miss()?,
        }
        if self.socket.is_none() {
            self.socket = self.comfy.socket().await;
        }
        Ok(None)
    }

    fn wait_for_the_server(&mut self, error: ComfyError) -> Result<(), DrawError> {
        let since = *self.gone.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.comfy.0.limits.gone { Err(error.into()) } else { Ok(()) }
    }

    fn miss(&mut self) -> Result<(), DrawError> {
        self.not_found += 1;
        if self.not_found >= LOOKS_BEFORE_LOST { Err(DrawError::Lost) } else { Ok(()) }
    }

    /// Only for a prompt that runs: older servers stop whatever does.
    async fn check_for_stall(&self) -> Result<(), DrawError> {
        let limit = self.comfy.0.limits.stall;
        if self.sign.elapsed() < limit {
            return Ok(());
        }
        // Whether it listens or not: nobody waits for this picture any more.
        let _ = self.comfy.interrupt(self.order.prompt_id).await;
        Err(DrawError::Stalled { address: self.comfy.address().to_owned(), after: limit })
    }
}

/// One look after the other, each a moment after the one before it ended.
fn looks(comfy: &Comfy, prompt_id: &str) -> impl Stream<Item = Result<PromptState, ComfyError>> {
    stream::unfold(false, move |again| async move {
        if again {
            sleep(comfy.0.limits.poll).await;
        }
        Some((comfy.state_of(prompt_id).await, true))
    })
}

/// The next frame; without a socket there is none, ever.
async fn next(socket: &mut Option<Socket>) -> Option<Frame> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}
