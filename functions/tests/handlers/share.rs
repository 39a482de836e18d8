//! Clips on other sites: the page of a clip, its embed description, feeds and sitemaps.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use matchcut::clip::{Bounds, Clip, ClipId, Source, Status, Upload};
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, at, row};

/// A text that breaks out of HTML, XML and JSON if it is not escaped.
const HOSTILE: &str = "</script><b a=\"'\">&lt;\u{1b} Läufe 🏃";
/// The same text as people should read it. XML allows no control characters.
const SHOWN: &str = "</script><b a=\"'\">&lt; Läufe 🏃";

async fn get(api: &Api, path: &str) -> Reply {
    api.request_site(Method::GET, path, &[], "").await
}

fn page_path(clip: &Clip) -> String {
    format!("/c/{}/{}", clip.competition, clip.clip)
}

async fn embed(api: &Api, parameters: &[(&str, &str)]) -> Reply {
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    get(api, &format!("/api/oembed?{query}")).await
}

/// A ready clip whose texts are hostile.
fn hostile_clip(competition: &str, start: i64) -> Clip {
    let bounds = Bounds { start: at(start), end: at(start + 6), duration_seconds: 6.0 };
    Clip {
        title: HOSTILE.to_owned(),
        description: HOSTILE.to_owned(),
        tags: vec![HOSTILE.to_owned(), "final".to_owned()],
        actual: Some(bounds),
        ..row(competition, start, Status::Ready)
    }
}

/// A ready clip of a file, with two thumbnails.
fn uploaded_clip(competition: &str, start: i64) -> Clip {
    let upload = Upload {
        key: "a.mp4".to_owned(),
        filename: "a.mp4".to_owned(),
        at: at(start),
        size: Some(1000),
        uploader: None,
        multipart: None,
        joining_since: None,
        awaited_until: None,
        job: None,
        progress: None,
        thumbnails: 2,
        captions: Vec::new(),
        default_sound: None,
    };
    Clip {
        clip: ClipId::for_time(at(start)),
        source: Source::Upload(upload),
        ..row(competition, start, Status::Ready)
    }
}

/// The content of each element and of each attribute of a text that must be well-formed XML.
fn read_xml(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut reader = Reader::from_str(text);
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let mut path = Vec::new();
    loop {
        let name = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error}: {text}"));
        if let Event::Start(element) | Event::Empty(element) = &event {
            let element_name = name(element.name().as_ref());
            for attribute in element.attributes() {
                let attribute = attribute.unwrap();
                let key = format!("{element_name}@{}", name(attribute.key.as_ref()));
                let value =
                    attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned();
                found.entry(key).or_default().push(value);
            }
            if matches!(event, Event::Start(_)) {
                path.push((element_name, String::new()));
            }
        }
        match event {
            Event::End(_) => {
                let (element, text) = path.pop().unwrap();
                found.entry(element).or_default().push(text);
            }
            Event::Text(part) => {
                if let Some((_, text)) = path.last_mut() {
                    text.push_str(&part.decode().unwrap());
                }
            }
            Event::GeneralRef(reference) => {
                let (_, text) = path.last_mut().unwrap();
                match reference.resolve_char_ref().unwrap() {
                    Some(character) => text.push(character),
                    None => panic!("&{reference:?}; is not a number"),
                }
            }
            Event::Eof => {
                assert!(path.is_empty(), "{path:?} is not closed");
                return found;
            }
            _ => {}
        }
    }
}

/// The values of the attribute `content` of all `meta` elements with a name or a property.
fn read_meta(html: &str, name: &str) -> Vec<String> {
    let wanted = [format!("property=\"{name}\""), format!("name=\"{name}\"")];
    let is_wanted = |line: &&str| wanted.iter().any(|it| line.contains(it.as_str()));
    let content = |line: &str| {
        let xml = line.trim().replace("\">", "\"/>");
        read_xml(&xml).remove("meta@content").unwrap().remove(0)
    };
    html.lines().filter(|line| line.contains("<meta ")).filter(is_wanted).map(content).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_ready_clip_describes_it_and_escapes_every_text() {
    let api = Api::start().await;
    let clip = hostile_clip("100m", 0);
    api.library().create(&clip).await.unwrap();
    let reply = get(&api, &page_path(&clip)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["cache-control"], "public, max-age=60");
    assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8");
    let html = reply.body.as_str().unwrap();
    assert!(!html.contains("<b a="), "{html}");
    assert_eq!(html.matches("</script>").count(), 2, "the data block and the app: {html}");

    let site = api.site();
    let page = format!("{site}{}", page_path(&clip));
    let player = format!("{site}/embed/100m/{}", clip.clip);
    for (name, expected) in [
        ("og:site_name", "Matchcut"),
        ("og:title", SHOWN),
        ("og:description", SHOWN),
        ("description", SHOWN),
        ("og:url", &page),
        ("og:type", "video.other"),
        ("og:video", &player),
        ("og:video:secure_url", &player),
        ("og:video:type", "text/html"),
        ("video:duration", "4"),
        ("twitter:card", "player"),
        ("twitter:player", &player),
        ("twitter:title", SHOWN),
    ] {
        assert_eq!(read_meta(html, name), [expected], "{name}");
    }
    assert_eq!(read_meta(html, "video:tag"), [SHOWN, "final"]);
    assert_eq!(read_meta(html, "robots"), Vec::<String>::new());
    assert_eq!(read_meta(html, "og:image"), Vec::<String>::new(), "live clips have no picture");
    assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{page}\">")));
    assert!(html.contains(&format!("href=\"{site}/feeds/100m/media.rss\"")));
    assert!(html.contains("<script type=\"module\" src=\"/assets/watch.js\"></script>"));
    assert!(html.contains("<link rel=\"stylesheet\" href=\"/assets/watch.css\">"));
    let manifest = format!("{site}/vod/out/v1/a/b/c/index.m3u8");
    assert!(html.contains(&format!("<a href=\"{manifest}\">")), "for people without JavaScript");

    let (_, rest) = html.split_once("<script type=\"application/ld+json\">").unwrap();
    let video: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert_eq!((&video["@type"], &video["name"]), (&json!("VideoObject"), &json!(SHOWN)));
    assert_eq!((&video["contentUrl"], &video["embedUrl"]), (&json!(manifest), &json!(player)));
    assert_eq!((&video["duration"], &video["url"]), (&json!("PT4.000S"), &json!(page)));

    let (_, rest) = html.split_once("type=\"application/json+oembed\" href=\"").unwrap();
    let oembed = rest.split_once('"').unwrap().0.replace("&#38;", "&");
    let described = get(&api, oembed.strip_prefix(site).unwrap()).await;
    assert_eq!(described.body["title"], SHOWN);

    let tag = reply.headers["etag"].to_str().unwrap();
    let headers = [("if-none-match", tag)];
    let again = api.request_site(Method::GET, &page_path(&clip), &headers, "").await;
    assert_eq!((again.status.as_u16(), &again.body), (304, &Value::Null));
    assert!(!again.headers.contains_key("content-type"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_and_the_caching_of_a_page_depend_on_the_clip() {
    let api = Api::start().await;
    let ready = row("100m", 0, Status::Ready);
    let held_back = Clip { listed: false, ..row("100m", 4, Status::Ready) };
    let scheduled = Clip { publish_at: Some(at(999)), ..row("100m", 8, Status::Ready) };
    let pending = row("100m", 12, Status::Packaging);
    let failed = row("100m", 16, Status::Failed);
    let deleted = row("100m", 20, Status::Deleting);
    for clip in [&ready, &held_back, &scheduled, &pending, &failed, &deleted] {
        api.library().create(clip).await.unwrap();
    }
    let unknown = row("100m", 24, Status::Ready);
    let (minute, second) = ("public, max-age=60", "public, max-age=1");
    for (path, status, caching, is_indexed, has_player, text) in [
        (page_path(&ready), 200, minute, true, true, "Clip at 0"),
        (page_path(&held_back), 200, minute, false, true, "Clip at 4"),
        (page_path(&scheduled), 200, minute, false, true, "Clip at 8"),
        (page_path(&pending), 200, second, false, false, "This clip is not ready yet."),
        (page_path(&failed), 200, second, false, false, "This clip is not ready yet."),
        (page_path(&deleted), 410, second, false, false, "This clip was deleted."),
        (page_path(&unknown), 404, second, false, false, "The competition has no such clip."),
        ("/c/100m/first".to_owned(), 404, second, false, false, "has no such clip."),
        ("/c/100_m/first".to_owned(), 400, minute, false, false, "no competition with this name"),
    ] {
        let reply = get(&api, &path).await;
        let html = reply.body.as_str().unwrap();
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.headers["cache-control"], caching, "{path}");
        assert_eq!(read_meta(html, "robots").is_empty(), is_indexed, "{path}");
        assert_eq!(read_meta(html, "og:video").is_empty(), !has_player, "{path}");
        assert!(html.contains(text), "{path}: {html}");
        assert!(html.contains("/assets/watch.js"), "the app runs on each page");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_library_shares_nothing_but_titles() {
    let api = Api::start_with(|options| options.private = true).await;
    let clip = Clip {
        title: "The final".to_owned(),
        description: "Who wins".to_owned(),
        tags: vec!["gold".to_owned()],
        ..uploaded_clip("100m", 0)
    };
    api.library().create(&clip).await.unwrap();
    let reply = get(&api, &page_path(&clip)).await;
    let html = reply.body.as_str().unwrap();
    assert_eq!(reply.status, 200);
    assert!(html.contains("<title>The final · "), "{html}");
    assert_eq!(read_meta(html, "robots"), ["noindex"]);
    for secret in ["Who wins", "gold", "/vod/", "/embed/", "oembed", "rss", "og:", "ld+json"] {
        assert!(!html.contains(secret), "{secret}: {html}");
    }
    for feed in ["media.rss", "sitemap.xml"] {
        assert_eq!(get(&api, &format!("/feeds/100m/{feed}")).await.status, 404);
    }
    let page = format!("{}{}", api.site(), page_path(&clip));
    let refused = embed(&api, &[("url", &page)]).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body["type"], "urn:matchcut:problem:unauthorized");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embed_description_has_a_player_that_fits() {
    let api = Api::start().await;
    let clip = hostile_clip("100m", 0);
    let pending = row("100m", 4, Status::Packaging);
    for clip in [&clip, &pending] {
        api.library().create(clip).await.unwrap();
    }
    let site = api.site();
    let page = format!("{site}{}", page_path(&clip));
    let player = page.replace("/c/", "/embed/");
    for url in [&page, &player] {
        let reply = embed(&api, &[("url", url)]).await;
        assert_eq!(reply.status, 200, "{:#}", reply.body);
        assert_eq!(reply.headers["cache-control"], "public, max-age=60");
        assert_eq!((&reply.body["type"], &reply.body["version"]), (&json!("video"), &json!("1.0")));
        assert_eq!(reply.body["provider_url"], format!("{site}/"));
        let html = reply.body["html"].as_str().unwrap();
        let frame = read_xml(&html.replace(" allowfullscreen", ""));
        assert_eq!(frame["iframe@src"], [player.as_str()]);
        assert_eq!(frame["iframe@title"], [SHOWN]);
        assert_eq!(frame["iframe@width"], ["640"]);
        assert_eq!(frame["iframe@height"], ["360"]);
    }
    let small = embed(&api, &[("url", &page), ("maxwidth", "400"), ("maxheight", "90")]).await;
    assert_eq!((&small.body["width"], &small.body["height"]), (&json!(160), &json!(90)));
    let later =
        embed(&api, &[("url", &format!("{page}?t=7")), ("format", "json"), ("dnt", "1")]).await;
    assert!(later.body["html"].as_str().unwrap().contains(&format!("\"{player}?t=7\"")));

    let other = format!("https://other.example{}", page_path(&clip));
    let unready = format!("{site}{}", page_path(&pending));
    let (minute, second, none) = ("public, max-age=60", "public, max-age=1", "no-store");
    #[rustfmt::skip]
    let table = [
        (vec![("url", other.as_str())], 404, minute, "url"),
        (vec![("url", &unready)], 404, second, "url"),
        (vec![], 400, none, "url"),
        (vec![("url", &page), ("format", "xml")], 501, minute, "format"),
        (vec![("url", &page), ("maxwidth", "0")], 400, none, "maxwidth"),
        (vec![("url", &page), ("maxheight", "wide")], 400, none, "maxheight"),
        (vec![("url", &page), ("maxheight", "10001")], 400, none, "maxheight"),
    ];
    for (parameters, status, caching, field) in table {
        let reply = embed(&api, &parameters).await;
        let found = (reply.status.as_u16(), reply.body["field"].as_str().unwrap());
        assert_eq!(found, (status, field), "{parameters:?}");
        assert_eq!(reply.headers["cache-control"], caching, "{parameters:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_has_the_newest_50_clips_that_viewers_see() {
    let api = Api::start().await;
    for number in 0..55 {
        api.library().create(&row("100m", number * 10, Status::Ready)).await.unwrap();
    }
    let newest = hostile_clip("100m", 900);
    let uploaded = uploaded_clip("100m", 910);
    let held_back = Clip { listed: false, ..row("100m", 920, Status::Ready) };
    for clip in [&newest, &uploaded, &held_back, &row("100m", 930, Status::Packaging)] {
        api.library().create(clip).await.unwrap();
    }
    let reply = get(&api, "/feeds/100m/media.rss").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["cache-control"], "public, max-age=60");
    let feed = read_xml(reply.body.as_str().unwrap());
    let guids = &feed["guid"];
    assert_eq!(guids.len(), 50);
    assert_eq!(guids[..2], [uploaded.clip.to_string(), newest.clip.to_string()]);
    assert_eq!(feed["title"][2], SHOWN);
    assert_eq!(feed["category"], [SHOWN, "final"]);
    assert_eq!(feed["media:keywords"], [format!("{SHOWN}, final")]);
    assert_eq!(feed["pubDate"][0], "Mon, 3 Feb 2020 13:31:50 +0000");
    let site = api.site();
    assert_eq!(feed["media:content@url"][0], format!("{site}/vod/out/v1/a/b/c/index.m3u8"));
    assert_eq!(feed["media:content@duration"][0], "4", "of the second clip");
    assert_eq!(feed["media:player@url"][1], format!("{site}/embed/100m/{}", newest.clip));
    let thumbnail = format!("{site}/vod/thumbnails/100m/{}/", uploaded.clip);
    assert_eq!(feed["media:thumbnail@url"].len(), 1);
    assert!(feed["media:thumbnail@url"][0].starts_with(&thumbnail));
    let tag = [("if-none-match", reply.headers["etag"].to_str().unwrap())];
    let again = api.request_site(Method::GET, "/feeds/100m/media.rss", &tag, "").await;
    assert_eq!(again.status, 304);

    let empty = get(&api, "/feeds/none/media.rss").await;
    assert!(!read_xml(empty.body.as_str().unwrap()).contains_key("item"));
    assert_eq!(get(&api, "/feeds/100_m/media.rss").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sitemap_has_a_video_for_each_clip_with_a_picture() {
    let api = Api::start().await;
    let live = hostile_clip("100m", 0);
    let mut uploaded = uploaded_clip("100m", 100);
    uploaded.title = HOSTILE.to_owned();
    uploaded.tags = vec!["final".to_owned()];
    uploaded.actual = Some(Bounds {
        start: at(100),
        end: at(100) + TimeDelta::seconds(9),
        duration_seconds: 9.4,
    });
    for clip in [&live, &uploaded] {
        api.library().create(clip).await.unwrap();
    }
    let reply = get(&api, "/feeds/100m/sitemap.xml").await;
    assert_eq!(reply.status, 200);
    let map = read_xml(reply.body.as_str().unwrap());
    let site = api.site();
    let pages = [&uploaded, &live].map(|clip| format!("{site}{}", page_path(clip)));
    assert_eq!(map["loc"], pages);
    assert_eq!(map["video:title"], [SHOWN]);
    assert_eq!(map["video:description"], [SHOWN], "the title stands for a missing description");
    assert_eq!(map["video:duration"], ["9"]);
    assert_eq!(map["video:tag"], ["final"]);
    assert_eq!(map["video:player_loc"], [pages[0].replace("/c/", "/embed/")]);
    assert!(map["video:thumbnail_loc"][0].contains("/vod/thumbnails/100m/"));
}
