//! What the writer is told, and how it waits for that.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{StoreError, writer::Run};

/// How long the writer stays awake for a change that was announced: a request takes less to be read and checked, and
/// waking up a thread takes as long as that.
const AWAKE: Duration = Duration::from_micros(100);

/// What the writer is told.
pub(super) enum Message {
    /// A change.
    Change(Run),
    /// A change is on its way.
    Announced,
    /// A line that changes nothing.
    Probe(oneshot::Sender<Result<(), StoreError>>),
    /// The arrays were written, or not.
    Flushed(std::io::Result<()>),
    /// Write everything and end.
    Close(oneshot::Sender<Result<(), StoreError>>),
    /// Nobody has the store any more: end, and leave the rest to the journal.
    Abandoned,
}

/// Where messages arrive.
pub(super) struct Inbox {
    messages: Receiver<Message>,
    /// One that was taken out too early.
    kept: Option<Message>,
}

impl Inbox {
    /// With what is sent to it.
    pub(super) fn new(messages: Receiver<Message>) -> Self {
        Self { messages, kept: None }
    }

    /// Waits for the next message, at most until then.
    pub(super) fn next(&mut self, until: Option<Instant>) -> Result<Message, RecvTimeoutError> {
        if let Some(kept) = self.kept.take() {
            return Ok(kept);
        }
        loop {
            let message = match until {
                None => self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected)?,
                Some(until) => self.messages.recv_timeout(until.saturating_duration_since(Instant::now()))?,
            };
            match message {
                Message::Announced => {
                    if let Some(message) = self.watch() {
                        return Ok(message);
                    }
                }
                message => return Ok(message),
            }
        }
    }

    /// The next change, if it is there already.
    pub(super) fn next_change(&mut self) -> Option<Run> {
        match self.take()? {
            Message::Change(run) => Some(run),
            other => {
                self.kept = Some(other);
                None
            }
        }
    }

    /// Looks for a message without going to sleep.
    fn watch(&self) -> Option<Message> {
        let until = Instant::now() + AWAKE;
        while Instant::now() < until {
            let message = self.take();
            if message.is_some() {
                return message;
            }
            std::thread::yield_now();
        }
        None
    }

    fn take(&self) -> Option<Message> {
        self.messages.try_iter().find(|message| !matches!(message, Message::Announced))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_is_no_change_waits_for_its_turn_and_announcements_are_not_handed_out() {
        let (sender, receiver) = mpsc::channel();
        let mut inbox = Inbox::new(receiver);
        for message in [Message::Announced, Message::Flushed(Ok(())), Message::Announced, Message::Abandoned] {
            sender.send(message).unwrap();
        }
        assert!(inbox.next_change().is_none());
        assert!(matches!(inbox.next(None), Ok(Message::Flushed(Ok(())))));
        assert!(matches!(inbox.next(None), Ok(Message::Abandoned)));
        sender.send(Message::Announced).unwrap();
        assert_eq!(inbox.next(Some(Instant::now())).err(), Some(RecvTimeoutError::Timeout));
        drop(sender);
        assert_eq!(inbox.next(None).err(), Some(RecvTimeoutError::Disconnected));
    }
}
