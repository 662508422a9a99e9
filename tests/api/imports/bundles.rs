//! Bundles: a character for somewhere else.

use super::*;

#[tokio::test]
async fn a_bundle_makes_the_same_character_somewhere_else() {
    let (here, there) = (TestApp::start().await, TestApp::start().await);
    let luna = here.persona(1).await;
    here.patch(
        &format!("/api/characters/{luna}"),
        json!({"narratives": [{"title": "Quest", "startDate": "2026-11-01", "endDate": "2026-11-30"}]}),
    )
    .await;
    here.post("/api/prompts", json!({"characterId": luna, "prompt": "a lake", "caption": "Mist."})).await;
    let other = here.luna().await;
    here.post("/api/prompts", json!({"characterId": other, "prompt": "somebody else's"})).await;
    let posted = here.approved(&luna, "Out.").await;
    here.approved(&luna, "Not out.").await;
    here.live().await;
    let post = here.order_post("instagram", json!({"characterId": luna, "contentId": posted})).await;
    here.until(&post, |post| post["state"] == "published" && post["url"].is_string()).await;

    let without = bundle(&here, &luna, "").await;
    assert_eq!(names_in(&without), ["bundle.json", "characters.json", "prompts.json"]);
    let with = bundle(&here, &luna, "?pictures=true").await;
    for secret in here.app.store.secrets() {
        let secret = secrecy::ExposeSecret::expose_secret(&secret).to_owned();
        for name in names_in(&with).iter().filter(|name| name.ends_with(".json")) {
            assert!(!text_in(&with, name).contains(&secret), "a secret is in {name}");
        }
    }
    assert!(!text_in(&with, "characters.json").to_lowercase().contains("apikey"));

    let report = there.import(with.clone(), false).await;
    assert_eq!((&report["origin"], &report["leftOut"]), (&json!("bundle"), &json!([])), "{report:#}");
    let hers = |app: &TestApp| {
        let mut all = app.stored();
        for kind in ["characters", "prompts", "content", "posts", "tasks"] {
            let of = |one: &Value| one["id"] == luna.as_str() || one["characterId"] == luna.as_str();
            all[kind] = all[kind].as_array().unwrap().iter().filter(|one| of(one)).cloned().collect();
        }
        all["secrets"] = json!(null);
        all["posts"].as_array_mut().unwrap().iter_mut().for_each(|post| drop(post.as_object_mut().unwrap().remove("jobId")));
        all
    };
    assert_eq!(hers(&here), hers(&there));
    for name in there.pictures() {
        let bytes = |app: &TestApp| std::fs::read(app.app.store.dir().join("media").join(&name)).unwrap();
        assert_eq!(bytes(&here), bytes(&there), "{name}");
    }
    assert_eq!(there.pictures().len(), 4);
    let answer = there.get(&format!("/api/characters/{luna}")).await.json();
    assert!(answer["instagramApiKey"].is_null(), "keys do not travel");
    assert_eq!(
        there.import(with, false).await["kinds"].as_array().unwrap().iter().map(|kind| kind["new"].as_u64().unwrap()).sum::<u64>(),
        0
    );
    here.get("/api/characters/nobody/bundle").await.problem(404);
}

async fn bundle(app: &TestApp, id: &str, query: &str) -> Vec<u8> {
    let answer = app.request(Method::GET, &format!("/api/characters/{id}/bundle{query}")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(
        (&answer.headers()["content-type"], &answer.headers()["cache-control"]),
        (&"application/zip".parse().unwrap(), &"no-store".parse().unwrap())
    );
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("filename=\"persona-1"));
    answer.bytes().await.unwrap().to_vec()
}

fn names_in(zip: &[u8]) -> Vec<String> {
    let zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    names
}

fn text_in(zip: &[u8], name: &str) -> String {
    let mut text = String::new();
    ZipArchive::new(Cursor::new(zip)).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}
