//! The files of a clip: poster, thumbnails, storyboard and MP4.

use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, ClipFiles, FileKinds, FilesStatus, Status};
use serde_json::{Value, json};

use crate::api::{Api, row};
use crate::media::count_frames;

fn files_are(clip: &Clip, status: FilesStatus) -> bool {
    clip.files.as_ref().is_some_and(|files| files.status() == status)
}

async fn read(url: &Value) -> reqwest::Response {
    let reply = reqwest::get(url.as_str().unwrap()).await.unwrap();
    assert_eq!(reply.status(), 200, "{url}");
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_clip_gets_pictures_and_an_mp4_of_the_requested_frames() {
    let api = Api::start_with(|options| options.clip_files = FileKinds::All).await;
    let window = r#"{"start":"2020-02-03T13:30:05.480Z","end":"2020-02-03T13:30:11.520Z"}"#;
    let key = api.post_clip(window).await.key();
    let is_made = |clip: &Clip| clip.status == Status::Ready && files_are(clip, FilesStatus::Made);
    api.wait_for(&key, is_made).await;
    let path = format!("/competitions/demo/clips/{}", key.clip);
    let clip = api.get(&path).await.body;

    // 37 to 187 of 200 frames: the timeline of the clip has the same.
    let [download] = clip["downloads"].as_array().unwrap().as_slice() else { panic!("{clip}") };
    assert_eq!((&download["width"], &download["height"]), (&640.into(), &360.into()));
    assert_eq!(count_frames(download["url"].as_str().unwrap()).await, "151");
    let media = read(&download["url"]).await;
    assert_eq!(media.headers()["content-type"], "video/mp4");
    assert_eq!(media.bytes().await.unwrap().len() as u64, download["bytes"].as_u64().unwrap());
    let thumbnails = clip["thumbnails"].as_array().unwrap();
    assert_eq!(thumbnails.len(), 10);
    for picture in thumbnails.iter().chain([&clip["poster"]]) {
        assert_eq!(read(picture).await.headers()["content-type"], "image/jpeg");
    }
    let track = read(&clip["storyboard"]).await.text().await.unwrap();
    assert!(
        track.starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:00.604\nclip_thumbnail.0000000.jpg\n")
    );
    assert!(track.contains("--> 00:00:06.040\nclip_thumbnail.0000009.jpg\n"), "{track}");

    // The list shows the same as the clip.
    let list = api.get("/competitions/demo/clips").await.body;
    for field in ["poster", "thumbnails", "storyboard", "downloads"] {
        assert_eq!(list["clips"][0][field], clip[field], "{field}");
    }
    // The frame of another second becomes the poster.
    let outside = api.edit(&key, &json!({ "posterAt": "2020-02-03T13:30:05.440Z" })).await;
    assert_eq!((outside.status.as_u16(), &outside.body["field"]), (422, &"posterAt".into()));
    let chosen = "2020-02-03T13:30:11.480Z";
    let edited = api.edit(&key, &json!({ "posterAt": chosen })).await;
    assert_eq!(edited.body["posterAt"], chosen);
    assert_eq!(edited.body["poster"], clip["poster"], "the old one stays until the new one exists");
    let changed = api.library().find(&key).await.unwrap().unwrap();
    let later = changed.updated_at + TimeDelta::minutes(1);
    api.stack.functions.sweep.run(later).await.unwrap();
    api.wait_for(&key, is_made).await;
    let shown = api.get(&path).await.body;
    assert_ne!(shown["poster"], clip["poster"]);
    read(&shown["poster"]).await;

    api.delete(&key).await;
    for minutes in [5, 15] {
        let later = Utc::now() + TimeDelta::minutes(minutes);
        api.stack.functions.sweep.run(later).await.unwrap();
    }
    assert_eq!(api.objects(), [""; 0], "the files are deleted with the clip");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_tried_again_by_the_sweep_and_never_changes_the_clip() {
    let api = Api::start_with(|options| options.pollers = false).await;
    // The media of the clip was never in S3.
    let clip = Clip {
        files: ClipFiles::plan(FileKinds::All),
        next_check_at: Some(Utc::now()),
        ..row("demo", 4, Status::Ready)
    };
    api.library().create(&clip).await.unwrap();
    let mut tries = Vec::new();
    for hours in 1..=6 {
        let later = Utc::now() + TimeDelta::hours(hours);
        api.stack.functions.sweep.run(later).await.unwrap();
        let found = api.library().find(&clip.key()).await.unwrap().unwrap();
        assert_eq!(found.status, Status::Ready);
        tries.push(found.files.unwrap().failed_tries);
    }
    assert_eq!(tries, [1, 2, 3, 4, 4, 4]);
    let found = api.library().find(&clip.key()).await.unwrap().unwrap();
    assert_eq!(found.next_check_at, None);
    assert!(files_are(&found, FilesStatus::Failed));
    let path = format!("/competitions/demo/clips/{}", clip.clip);
    let public = api.get(&path).await.body;
    for field in ["files", "poster", "thumbnails", "storyboard", "downloads"] {
        assert_eq!(public.get(field), None, "{field}");
    }
}
