//! Clients that cost little themselves: one connection each, a request at a time.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What was measured.
pub struct Measured {
    clients: usize,
    elapsed: Duration,
    /// Sorted.
    times: Vec<Duration>,
}

impl Measured {
    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// In milliseconds.
    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// In milliseconds.
    pub fn p99(&self) -> f64 {
        self.at(0.99)
    }

    /// What was measured in several turns.
    pub fn together(turns: Vec<Self>) -> Self {
        let clients = turns.first().map_or(0, |turn| turn.clients);
        let elapsed = turns.iter().map(|turn| turn.elapsed).sum();
        let mut times: Vec<_> = turns.into_iter().flat_map(|turn| turn.times).collect();
        times.sort_unstable();
        Self { clients, elapsed, times }
    }

    pub fn print(&self, what: &str) {
        println!("| {what} | {} | {:.0} | {:.3} | {:.3} |", self.clients, self.rate(), self.median(), self.p99());
    }

    fn at(&self, part: f64) -> f64 {
        let place = ((self.times.len() as f64 * part) as usize).min(self.times.len().saturating_sub(1));
        self.times[place].as_secs_f64() * 1_000.0
    }
}

/// Sends requests for so long; `request` makes each from the client's number and its own.
pub async fn measure(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    request: impl Fn(usize, usize) -> String + Clone + Send + 'static,
) -> Measured {
    let began = Instant::now();
    let clients_running: Vec<_> = (0..clients).map(|client| tokio::spawn(run(address, client, began + time, request.clone()))).collect();
    let mut times = Vec::new();
    for client in clients_running {
        times.extend(client.await.expect("a client ends well"));
    }
    let elapsed = began.elapsed();
    times.sort_unstable();
    Measured { clients, elapsed, times }
}

async fn run(address: SocketAddr, client: usize, until: Instant, request: impl Fn(usize, usize) -> String) -> Vec<Duration> {
    let mut connection = TcpStream::connect(address).await.expect("the server is there");
    connection.set_nodelay(true).expect("a socket option");
    let (mut times, mut buffer) = (Vec::new(), vec![0; 1 << 18]);
    while Instant::now() < until {
        let request = request(client, times.len());
        let began = Instant::now();
        connection.write_all(request.as_bytes()).await.expect("the server listens");
        read_answer(&mut connection, &mut buffer).await;
        times.push(began.elapsed());
    }
    times
}

/// Reads one answer with a `Content-Length`, which must be a success.
async fn read_answer(connection: &mut TcpStream, buffer: &mut Vec<u8>) {
    let (mut filled, mut whole) = (0, None);
    while whole.is_none_or(|whole| filled < whole) {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        let read = connection.read(&mut buffer[filled..]).await.expect("the server answers");
        assert!(read > 0, "the server hung up");
        filled += read;
        if whole.is_none() {
            whole = length(&buffer[..filled]);
        }
    }
    assert!(buffer.starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(&buffer[..filled.min(200)]));
}

fn length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).expect("headers are text").to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("answers tell their length");
    Some(head + length.trim().parse::<usize>().expect("a length is a number"))
}
