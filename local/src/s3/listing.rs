//! Lists the objects below a prefix without a walk through the whole bucket.
//!
//! The crate of the file system reads every folder of a bucket for each page of a list. With ten
//! thousand clips this takes seconds, and S3 takes milliseconds.

use std::path::Path;

use s3s::dto::{CommonPrefix, ListObjectsV2Input, ListObjectsV2Output, Object};
use s3s::{S3 as _, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

/// Lists the objects below a prefix. Reads only the folder of the prefix. `root` has a folder for each
/// bucket.
pub(super) async fn list_folder(
    files: &FileSystem,
    root: &Path,
    mut asked: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    if !root.join(&asked.input.bucket).is_dir() {
        return Err(s3_error!(NoSuchBucket));
    }
    let Some(folder) = Folder::narrow(&mut asked.input) else {
        return files.list_objects_v2(asked).await;
    };
    if !root.join(&asked.input.bucket).is_dir() {
        return Ok(S3Response::new(folder.empty()));
    }
    Ok(files.list_objects_v2(asked).await?.map_output(|list| folder.widen(list)))
}

/// The folder of a list.
#[derive(Debug)]
struct Folder {
    /// The key of the folder, with a slash at its end.
    name: String,
    /// The request of the client.
    asked: ListObjectsV2Input,
}

impl Folder {
    /// Changes the request so that the folder of its prefix is the bucket. `None` if the prefix has no
    /// folder, or if the list goes on at a key outside of the folder.
    fn narrow(input: &mut ListObjectsV2Input) -> Option<Self> {
        let asked = input.clone();
        let (folder, rest) = asked.prefix.as_deref()?.rsplit_once('/')?;
        if folder.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return None;
        }
        let name = format!("{folder}/");
        let positions = [asked.continuation_token.as_deref(), asked.start_after.as_deref()];
        if positions.into_iter().flatten().any(|key| !key.starts_with(&name)) {
            return None;
        }
        let within = |key: &Option<String>| Some(key.as_deref()?.strip_prefix(&name)?.to_owned());
        input.bucket = format!("{}/{folder}", asked.bucket);
        input.prefix = Some(rest.to_owned());
        input.continuation_token = within(&asked.continuation_token);
        input.start_after = within(&asked.start_after);
        Some(Self { name, asked })
    }

    /// The list of a folder that does not exist.
    fn empty(self) -> ListObjectsV2Output {
        let nothing = ListObjectsV2Output {
            key_count: Some(0),
            max_keys: Some(self.asked.max_keys.unwrap_or(1000)),
            is_truncated: Some(false),
            ..ListObjectsV2Output::default()
        };
        self.widen(nothing)
    }

    /// Changes the list of the folder to that of the bucket.
    fn widen(self, mut list: ListObjectsV2Output) -> ListObjectsV2Output {
        let Self { name, asked } = self;
        let keys = list.contents.iter_mut().flatten().map(|Object { key, .. }| key);
        let prefixes = list.common_prefixes.iter_mut().flatten();
        let prefixes = prefixes.map(|CommonPrefix { prefix }| prefix);
        for key in keys.chain(prefixes).chain([&mut list.next_continuation_token]).flatten() {
            key.insert_str(0, &name);
        }
        list.name = Some(asked.bucket);
        list.prefix = asked.prefix;
        list.delimiter = asked.delimiter;
        list.continuation_token = asked.continuation_token;
        list.start_after = asked.start_after;
        list
    }
}
