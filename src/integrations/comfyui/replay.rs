//! Replays recorded frames through the follower.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    fixtures,
    follower::{Follower, Meaning, Sign},
    frame::Frame,
};

/// What the follower made of a recording, previews and steps shortened.
#[derive(Debug, Default)]
struct Told {
    words: Vec<String>,
    previews: usize,
    over: usize,
}

fn graph() -> Value {
    json!({
        "3": {"class_type": "KSampler"}, "4": {"class_type": "CheckpointLoaderSimple"}, "5": {"class_type": "EmptyLatentImage"},
        "6": {"class_type": "CLIPTextEncode"}, "7": {"class_type": "CLIPTextEncode"}, "8": {"class_type": "VAEDecode"},
        "9": {"class_type": "SaveImage"}, "10": {"class_type": "LoraLoader"}, "12": {"class_type": "UNETLoader"},
    })
}

/// Recordings keep only the first bytes of binary frames; the rest is put back as zeros or, for type 4, from the header.
fn binary(line: &Value, prompt_id: &str) -> Frame {
    if line["event_type"] == 4 {
        let header = json!({"prompt_id": prompt_id, "image_type": "image/jpeg"}).to_string();
        let mut bytes = vec![0, 0, 0, 4];
        bytes.extend((header.len() as u32).to_be_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(b"\xff\xd8\xff");
        return Frame::binary(bytes.into());
    }
    let hex = line["first16_hex"].as_str().unwrap();
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    Frame::binary(bytes.into())
}

/// Follows the `place`th prompt of a recording through the connection of `role`.
fn replay(name: &str, role: &str, place: usize) -> Told {
    let text = fixtures::text(&format!("frames/{name}.ndjson"));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sent = lines.iter().filter(|line| line["kind"] == "sent").nth(place).unwrap();
    let prompt_id = sent["prompt_id"].as_str().unwrap();
    let mut follower = Follower::new(prompt_id, &graph());
    let mut told = Told::default();
    for line in lines.iter().filter(|line| line["role"] == role) {
        let frame = match line["kind"].as_str() {
            Some("text") => Frame::text(&line["frame"].to_string()),
            Some("binary") => binary(line, prompt_id),
            _ => continue,
        };
        match follower.take(frame) {
            Meaning::Nothing | Meaning::Alive => {}
            Meaning::Over => told.over += 1,
            Meaning::Sign(Sign::Preview { mime, .. }) => {
                assert_eq!(mime, "image/jpeg");
                told.previews += 1;
            }
            Meaning::Sign(Sign::Step { step, steps }) => told.words.push(format!("{step}/{steps}")),
            Meaning::Sign(sign) => told.words.push(format!("{sign:?}")),
        }
    }
    told
}

#[test]
fn a_first_run_tells_each_stage_once() {
    let told = replay("sd15_cold_run", "client", 0);
    assert_eq!(told.words, ["Started", "Loading", "1/3", "2/3", "3/3", "Saving"]);
    assert_eq!(told.over, 1);
}

#[test]
fn others_hear_nothing_of_it() {
    let told = replay("sd15_cold_run", "observer", 0);
    assert!(told.words.is_empty() && told.over == 0);
}

#[test]
fn a_cached_run_ends_without_steps() {
    let told = replay("sd15_identical_rerun", "client", 0);
    assert_eq!((told.words, told.over), (vec!["Started".to_owned()], 1));
}

#[test]
fn a_saved_picture_from_the_cache_ends_too() {
    let told = replay("sd15_new_prefix_only", "client", 0);
    assert_eq!((told.words, told.over), (vec!["Started".to_owned(), "Saving".to_owned()], 1));
}

#[test]
fn every_ending_is_heard_once() {
    for name in [
        "flux",
        "sd15_lora",
        "two_outputs_one_invalid",
        "runtime_error_broken_checkpoint",
        "runtime_error_clip_none",
        "runtime_error_corrupt_lora",
    ] {
        assert_eq!(replay(name, "client", 0).over, 1, "{name}");
    }
    assert_eq!(replay("interrupt_by_prompt_id", "client", 0).over, 1);
}

#[test]
fn a_server_that_is_stopped_says_nothing_of_the_end() {
    let told = replay("server_sigterm_mid_run", "client", 0);
    assert_eq!((told.words.first().map(String::as_str), told.over), (Some("Started"), 0));
}

#[test]
fn each_of_five_prompts_hears_only_of_itself() {
    for place in 0..5 {
        let told = replay("queue_five_delete_and_clear", "client", place);
        assert!(told.over <= 1, "{place}: {told:?}");
        assert_eq!(told.words.iter().filter(|word| *word == "Started").count(), told.over, "{place}");
    }
}

#[test]
fn previews_of_both_forms_are_shown() {
    assert!(replay("preview_frames_type1", "client", 0).previews > 0);
    assert!(replay("preview_frames_type4_with_metadata", "client", 0).previews > 0);
}

#[test]
fn a_preview_without_an_id_belongs_to_what_executes() {
    let preview = || Frame::Preview { prompt_id: None, mime: "image/jpeg", bytes: Bytes::new() };
    let executing = |id: &str| Frame::Executing { prompt_id: id.into(), node: Some("3".into()) };
    let mut follower = Follower::new("ours", &graph());
    assert_eq!(follower.take(preview()), Meaning::Nothing);
    follower.take(executing("ours"));
    assert!(matches!(follower.take(preview()), Meaning::Sign(Sign::Preview { .. })));
    follower.take(executing("theirs"));
    assert_eq!(follower.take(preview()), Meaning::Nothing);
}

#[test]
fn broken_frames_are_passed_over() {
    for bytes in [&b""[..], b"\0\0\0\x04", b"\0\0\0\x04\xff\xff\xff\xff{}", b"\0\0\0\x01\0\0\0\x09", b"\0\0\0\x03\0\0\0\x01x"] {
        assert_eq!(Frame::binary(Bytes::copy_from_slice(bytes)), Frame::Other);
    }
    for text in ["", "[]", "{}", r#"{"type":"executing","data":{"node":"4"}}"#, r#"{"type":"crystools.monitor","data":{}}"#] {
        assert_eq!(Frame::text(text), Frame::Other);
    }
}
