//! The good way: what exactly goes out, and what is answered.

use digital_dalla::sandbox::{
    instagram::{self, Answer},
    social::What,
    x,
};
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_picture_goes_out_on_instagram_with_its_words_and_link() {
    use instagram::Step;
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.\n\n#lake #dawn").await;
    app.patch(&format!("/api/content/{content}"), json!({"altText": "A lake at dawn"})).await;
    let sent = app.send("instagram", &luna, &content).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    let sent = sent.json();
    let posts = app.instagram.posts();
    let [post] = posts.as_slice() else { panic!("{posts:?}") };
    assert_eq!((post.account.as_str(), post.caption.as_str()), ("luna.mystic", "Mist first.\n\n#lake #dawn"));
    assert_eq!((post.alt_texts.as_slice(), post.made_with_ai), (&["A lake at dawn".to_owned()][..], true));
    assert_eq!((&sent["platform"], &sent["post_id"]), (&json!("instagram"), &json!(post.id)));
    assert_eq!((&sent["post"]["state"], &sent["post"]["caption"]), (&json!("published"), &json!("Mist first.\n\n#lake #dawn")));
    let steps = [Step::Me, Step::Quota, Step::Create, Step::Status, Step::Publish, Step::Permalink];
    assert_eq!(app.instagram.faults().calls_of("luna.mystic"), steps);
    // The link leads to what went out.
    let link = sent["post_url"].as_str().unwrap();
    let page = reqwest::get(link).await.unwrap().text().await.unwrap();
    assert!(page.contains("Mist first.") && page.contains("@luna.mystic"), "{page}");
    assert!(app.get(&format!("/posts/{}", sent["post"]["id"].as_str().unwrap())).await.text.contains(link));
    app.rests().await;
}

#[tokio::test]
async fn a_picture_goes_out_on_x_with_its_words_and_link() {
    use x::Step;
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist & light, <first>. 🐱").await;
    app.patch(&format!("/api/content/{content}"), json!({"altText": "A lake at dawn"})).await;
    let sent = app.send("twitter", &luna, &content).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    let sent = sent.json();
    let posts = app.x.posts();
    let [post] = posts.as_slice() else { panic!("{posts:?}") };
    assert_eq!((post.account.as_str(), post.text.as_str()), ("luna_mystic", "Mist & light, <first>. 🐱"));
    assert_eq!((post.alt_texts.as_slice(), post.made_with_ai), (&["A lake at dawn".to_owned()][..], true));
    assert_eq!((&sent["platform"], &sent["post_id"]), (&json!("twitter"), &json!(post.id)));
    assert_eq!(app.x.faults().calls_of("luna_mystic"), [Step::Me, Step::Upload, Step::Describe, Step::Post]);
    let link = sent["post_url"].as_str().unwrap();
    assert!(link.ends_with(&format!("/luna_mystic/status/{}", post.id)), "{link}");
    let page = reqwest::get(link).await.unwrap().text().await.unwrap();
    assert!(page.contains("Mist &amp; light, &lt;first&gt;."), "{page}");
    app.rests().await;
}

#[tokio::test]
async fn the_words_for_x_are_its_own_where_there_are_any() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "The long words.").await;
    app.patch(&format!("/api/content/{content}"), json!({"twitterCaption": "Short."})).await;
    app.send("twitter", &luna, &content).await;
    app.send("instagram", &luna, &content).await;
    assert_eq!((app.x.posts()[0].text.as_str(), app.instagram.posts()[0].caption.as_str()), ("Short.", "The long words."));
    // And the request may bring its own.
    let other = app.approved(&luna, "Not these.").await;
    let body = json!({"characterId": luna, "contentId": other, "caption": "  These. ", "altText": "Seen"});
    let sent = app.post("/api/post-to-twitter", body).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!((app.x.posts()[1].text.as_str(), app.x.posts()[1].alt_texts[0].as_str()), ("These.", "Seen"));
}

#[tokio::test]
async fn several_pictures_go_out_as_one_post_in_their_order() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let mut contents = Vec::new();
    for place in ["one", "two", "three"] {
        let content = app.approved(&luna, &format!("Words of {place}.")).await;
        app.patch(&format!("/api/content/{content}"), json!({"altText": place})).await;
        contents.push(content);
    }
    for network in ["instagram", "twitter"] {
        let sent = app.post(&format!("/api/post-to-{network}"), json!({"characterId": luna, "contentIds": contents})).await;
        assert_eq!(sent.status, 200, "{network}: {}", sent.text);
    }
    let (on_instagram, on_x) = (app.instagram.posts(), app.x.posts());
    assert_eq!((on_instagram.len(), on_x.len()), (1, 1));
    assert_eq!(
        (&on_instagram[0].alt_texts, &on_x[0].alt_texts),
        (&on_x[0].alt_texts, &["one", "two", "three"].map(str::to_owned).to_vec())
    );
    assert_eq!((on_instagram[0].caption.as_str(), on_instagram[0].made_with_ai), ("Words of one.", true));
    assert_eq!(app.instagram.faults().calls(instagram::Step::Publish), 1);
    // Five are too many for X, and none is left out by itself.
    let refused = app.post("/api/post-to-twitter", json!({"characterId": luna, "contentIds": ["a", "b", "c", "d", "e"]})).await;
    refused.problem(422);
    app.rests().await;
}

#[tokio::test]
async fn a_path_this_server_gave_out_names_a_picture_too() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    for (number, path) in ["/media/{id}.png", "media/{id}.png", "{url}/media/{id}.png", "{folder}/media/{id}.png"].iter().enumerate() {
        let content = app.approved(&luna, &format!("Picture number {number} of the walk along the shore at {number} o'clock")).await;
        let folder = app.app.store.dir().to_string_lossy().into_owned();
        let path = path.replace("{id}", &content).replace("{url}", &app.url).replace("{folder}", &folder);
        let body = json!({"characterId": luna, "caption": format!("By path {number} {content}"), "image_path": path});
        let sent = app.post("/api/post-to-twitter", body).await;
        assert_eq!(sent.status, 200, "{path}: {}", sent.text);
        assert_eq!(sent.json()["post"]["pictures"][0]["contentId"], json!(content));
    }
}

#[tokio::test]
async fn a_post_whose_address_cannot_be_read_is_out_and_gets_it_later() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    let ask = |answer| app.instagram.faults().ask(instagram::Fault::before(instagram::Step::Permalink, What::Say(answer)));
    ask(Answer::Code(100, 33));
    ask(Answer::Http(500));
    let sent = app.send("instagram", &luna, &content).await;
    assert_eq!((sent.status.as_u16(), &sent.json()["post_url"]), (200, &json!(null)), "{}", sent.text);
    let id = sent.json()["post"]["id"].as_str().unwrap().to_owned();
    let post = app.until(&id, |post| post["url"].is_string()).await;
    assert_eq!((&post["state"], app.instagram.posts().len()), (&json!("published"), 1), "{post}");
    assert_eq!(app.instagram.faults().calls(instagram::Step::Publish), 1);
    app.rests().await;
}

#[tokio::test]
async fn pictures_go_up_in_pieces_where_x_turns_down_the_short_way() {
    use x::Step;
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "In pieces.").await;
    app.x.faults().ask(x::Fault::before(Step::Upload, What::Say(x::Answer::Invalid)));
    let sent = app.send("twitter", &luna, &content).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(
        app.x.faults().calls_of("luna_mystic"),
        [Step::Me, Step::Upload, Step::Initialize, Step::Append, Step::Finalize, Step::Post]
    );
    let picture = app.x.picture(&app.x.posts()[0].media[0]).unwrap();
    assert!(image::load_from_memory(&picture).is_ok(), "the pieces add up");
}

#[tokio::test]
async fn a_token_of_facebook_login_posts_where_the_accounts_id_is_known() {
    let app = TestApp::start_changed(|config| config.instagram_login = Some(digital_dalla::config::Login::Facebook)).await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "By way of a page.").await;
    let held = app.send("instagram", &luna, &content).await;
    assert!(held.problem(502).0.contains("account's id"), "{}", held.text);
    app.patch(&format!("/api/characters/{luna}"), json!({"instagramAccountId": "17841400000000001"})).await;
    let id = held.json()["post"]["id"].as_str().unwrap().to_owned();
    let sent = app.post(&format!("/api/posts/{id}/publish"), json!({})).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(app.instagram.posts().len(), 1);
}
