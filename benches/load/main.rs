//! Our server beside honest rivals, in one run on one machine: ratios mean something, single numbers little.
//!
//! Run with `benches/load.sh`; `mixed` as an argument runs many clients at once instead, see `mixed.rs`.

mod client;
#[path = "../fill.rs"]
mod fill;
mod mixed;
mod rivals;

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use chrono::Utc;
use clap::Parser;
use digital_dalla::{config::Config, events::Events, router, service, state::AppState};
use tokio::net::TcpListener;

use self::client::{Measured, measure};

/// As in the product; the rivals have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long each measurement takes.
const TIME: Duration = Duration::from_secs(5);

/// Single clients take turns: a shared machine is now fast and now slow, for seconds. With fewer rounds than this, one
/// bad moment more or less decides.
const ROUNDS: usize = 30;
/// How long a turn is.
const TURN: Duration = Duration::from_millis(500);

/// Between two turns. Our server writes its arrays a second after the last change, and that is not to fall into the turn
/// of another.
const REST: Duration = Duration::from_millis(1_500);

/// What is measured; without an argument, our server beside its rivals.
#[derive(Debug, Parser)]
struct Arguments {
    /// `mixed`: many clients that read and write.
    what: Option<String>,
    /// How many.
    #[arg(long, default_value = "64")]
    clients: usize,
    /// For how long.
    #[arg(long, default_value = "60")]
    seconds: u64,
    /// As cargo says it.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { what, clients, seconds, .. } = Arguments::parse();
    if what.as_deref() == Some("mixed") {
        let well = mixed::run(mixed::Plan { clients, time: Duration::from_secs(seconds) }).await;
        return if well { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    rivals_beside_us().await;
    ExitCode::SUCCESS
}

async fn rivals_beside_us() {
    println!("| what | clients | per second | median ms | p99 ms |\n|---|---|---|---|---|");
    let (bare, listed) = reads().await;
    println!(
        "\nGET /api/characters: {:.0} % of the bare route's rate, p99 {:.2}×\n",
        100.0 * listed.rate() / bare.rate(),
        listed.p99() / bare.p99()
    );
    println!("| what | clients | per second | median ms | p99 ms |\n|---|---|---|---|---|");
    let (small, few, _small) = ours(100, 0).await;
    let (large, many, _large) = ours(100_000, 0).await;
    let dir = tempfile::tempdir().expect("a folder");
    let rival = serve(rivals::sqlite(&dir.path().join("rival.db"))).await;
    let servers = [("durable POST, 100 contents", few), ("durable POST, 100,000 contents", many), ("durable POST, axum + SQLite", rival)];
    let ones = in_turn(&servers).await;
    let mut all = Vec::new();
    for (what, address) in servers {
        let sixteen = measure(address, 16, TIME, post(address)).await;
        sixteen.print(what);
        all.push(sixteen);
    }
    println!("\nA durable POST at 100,000 contents takes {:.2}× the time of one at 100", ones[1].median() / ones[0].median());
    println!(
        "Against SQLite: one client {:.2}× its rate at 100 contents (by medians {:.2}×), {:.2}× at 100,000 ({:.2}×); 16 clients {:.2}× and {:.2}×",
        ones[0].rate() / ones[2].rate(),
        ones[2].median() / ones[0].median(),
        ones[1].rate() / ones[2].rate(),
        ones[2].median() / ones[1].median(),
        all[0].rate() / all[2].rate(),
        all[1].rate() / all[2].rate()
    );
    for app in [small, large] {
        app.store.close().await.expect("the arrays are written");
    }
}

/// `POST /api/characters` from a single client to each server, in turn; each round begins with another one, because what
/// one leaves to be done falls to who comes next.
async fn in_turn(servers: &[(&str, SocketAddr)]) -> Vec<Measured> {
    let mut turns: Vec<Vec<Measured>> = servers.iter().map(|_| Vec::new()).collect();
    for round in 0..=ROUNDS {
        for place in (0..servers.len()).map(|place| (place + round) % servers.len()) {
            let (_, address) = servers[place];
            let turn = measure(address, 1, TURN, post(address)).await;
            // The first is to warm up.
            turns[place].extend((round > 0).then_some(turn));
            tokio::time::sleep(REST).await;
        }
    }
    let measured: Vec<_> = turns.into_iter().map(Measured::together).collect();
    servers.iter().zip(&measured).for_each(|((what, _), measured)| measured.print(what));
    measured
}

/// The list of 100 characters, and a bare route that sends the same bytes.
async fn reads() -> (Measured, Measured) {
    let (app, address, _dir) = ours(100, 100).await;
    let body = service::characters::list(&app).bytes;
    let bare = serve(rivals::bare(body)).await;
    let request = |address: SocketAddr| move |_: usize, _: usize| format!("GET /api/characters HTTP/1.1\r\nHost: {address}\r\n\r\n");
    // Each once to warm up, then for the record.
    measure(bare, 16, TIME / 4, request(bare)).await;
    measure(address, 16, TIME / 4, request(address)).await;
    let bare_rate = measure(bare, 16, TIME, request(bare)).await;
    let our_rate = measure(address, 16, TIME, request(address)).await;
    bare_rate.print("bare axum route, same bytes");
    our_rate.print("GET /api/characters, 100 characters");
    (bare_rate, our_rate)
}

fn post(address: SocketAddr) -> impl Fn(usize, usize) -> String + Clone + Send + 'static {
    move |client, number| {
        let body = format!("{{\"name\":\"Luna {client}-{number}\",\"personality\":\"She notices light and weather first.\"}}");
        format!(
            "POST /api/characters HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

async fn ours(contents: usize, characters: usize) -> (AppState, SocketAddr, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = fill::open(dir.path()).await;
    fill::fill(&store, contents, characters).await;
    let app = AppState::new(Config::parse_from(["digital-dalla"]), store, Events::new(Utc::now().timestamp_micros().unsigned_abs()));
    tokio::spawn(service::watching::tell_changes(app.clone()));
    let address = serve(router::routes(app.clone())).await;
    (app, address, dir)
}

async fn serve(router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}
