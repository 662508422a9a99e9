//! Pictures that are made, looked for again, and stopped.

use digital_dalla::{
    integrations::comfyui::{DrawError, Drawing, Sign},
    sandbox::comfyui::Fault,
};
use tokio_util::sync::CancellationToken;

use crate::stage::{Stage, graph};

#[tokio::test]
async fn a_picture_is_drawn_and_its_progress_is_heard() {
    let stage = Stage::set().await;
    let (mut words, mut previews) = (Vec::new(), 0);
    let pictures = stage.draw_watched("one", |sign| match sign {
        Sign::Preview { mime, bytes } => {
            assert_eq!((mime, bytes.starts_with(b"\xff\xd8")), ("image/jpeg", true));
            previews += 1;
        }
        Sign::Step { step, steps } => words.push(format!("{step}/{steps}")),
        Sign::Queued { .. } => {}
        sign => words.push(format!("{sign:?}")),
    });
    let pictures = pictures.await.unwrap();
    assert_eq!(words, ["Started", "Loading", "1/3", "2/3", "3/3", "Saving"]);
    assert_eq!(previews, 3);
    assert_eq!((pictures.len(), pictures[0].width, pictures[0].height), (1, 64, 96));
    assert_eq!(pictures[0].filename, "one_00001_.png");
}

#[tokio::test]
async fn the_same_picture_again_comes_from_the_cache() {
    let stage = Stage::set().await;
    let first = stage.draw("one").await.unwrap();
    let mut steps = 0;
    let second = stage.draw_watched("two", |sign| steps += u32::from(matches!(sign, Sign::Step { .. }))).await.unwrap();
    assert_eq!((steps, second[0].width), (0, first[0].width));
}

#[tokio::test]
async fn a_picture_that_was_finished_meanwhile_is_fetched_and_not_sent_again() {
    let stage = Stage::set().await;
    let first = stage.draw("one").await.unwrap();
    let again = stage.resume("one").await.unwrap();
    assert_eq!(first[0].bytes, again[0].bytes);
    assert_eq!(stage.sendings(), 1);
}

#[tokio::test]
async fn a_picture_that_still_runs_is_waited_for() {
    let stage = Stage::set().await;
    let (began, beginning) = tokio::sync::oneshot::channel();
    let mut began = Some(began);
    let first = stage.draw_watched("one", |sign| {
        if matches!(sign, Sign::Step { .. })
            && let Some(began) = began.take()
        {
            let _ = began.send(());
        }
    });
    let second = async {
        beginning.await.unwrap();
        stage.resume("one").await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.unwrap()[0].bytes, second.unwrap()[0].bytes);
    assert_eq!(stage.sendings(), 1);
}

#[tokio::test]
async fn a_picture_that_never_arrived_is_sent() {
    let stage = Stage::set().await;
    assert_eq!(stage.resume("one").await.unwrap().len(), 1);
    assert_eq!(stage.sendings(), 1);
}

#[tokio::test]
async fn a_running_picture_is_stopped() {
    let stage = Stage::with(Fault::Stick { at_step: 2, deaf: false }).await;
    let cancel = CancellationToken::new();
    let drawing = Drawing { prompt_id: "one", graph: &graph("one"), resume: false, cancel: &cancel };
    let drawn = stage.comfy.draw(drawing, |sign| {
        if matches!(sign, Sign::Step { .. }) {
            cancel.cancel();
        }
    });
    assert!(matches!(drawn.await, Err(DrawError::Cancelled)));
    assert_eq!(stage.comfy.load().await.unwrap(), 0);
}

#[tokio::test]
async fn a_waiting_picture_is_taken_out_of_the_queue() {
    let stage = Stage::with(Fault::Stick { at_step: 1, deaf: false }).await;
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let (started, starting) = tokio::sync::oneshot::channel();
    let mut started = Some(started);
    let graph_of_first = graph("one");
    let running = stage.comfy.draw(Drawing { prompt_id: "one", graph: &graph_of_first, resume: false, cancel: &first }, |sign| {
        if sign == Sign::Started {
            let _ = started.take().unwrap().send(());
        }
    });
    let waiting = async {
        starting.await.unwrap();
        let mut ahead = None;
        let drawing = Drawing { prompt_id: "two", graph: &graph("two"), resume: false, cancel: &second };
        let drawn = stage.comfy.draw(drawing, |sign| {
            if let Sign::Queued { ahead: count } = sign {
                ahead = Some(count);
                second.cancel();
            }
        });
        assert!(matches!(drawn.await, Err(DrawError::Cancelled)));
        assert_eq!(ahead, Some(1));
        // The one that runs was left alone.
        assert_eq!(stage.comfy.load().await.unwrap(), 1);
        first.cancel();
    };
    let (running, ()) = tokio::join!(running, waiting);
    assert!(matches!(running, Err(DrawError::Cancelled)));
    assert_eq!(stage.comfy.load().await.unwrap(), 0);
}

#[tokio::test]
async fn a_picture_that_somebody_stops_in_comfyui_is_told_so() {
    let stage = Stage::with(Fault::Stick { at_step: 2, deaf: false }).await;
    let (began, beginning) = tokio::sync::oneshot::channel();
    let mut began = Some(began);
    let drawn = stage.draw_watched("one", |sign| {
        if matches!(sign, Sign::Step { .. })
            && let Some(began) = began.take()
        {
            let _ = began.send(());
        }
    });
    let somebody = async {
        beginning.await.unwrap();
        reqwest::Client::new().post(format!("{}/interrupt", stage.server.url())).send().await.unwrap();
    };
    let (drawn, ()) = tokio::join!(drawn, somebody);
    assert!(matches!(drawn, Err(DrawError::Interrupted)));
}
