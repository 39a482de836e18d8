//! The arguments of `local`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use matchcut::clip::{FileKinds, Precision};
use matchcut_local::{
    Faults, FrameRate, Limits, MachineOption, Options, Source, Track, Tracks, UploadLimits,
    parse_factor,
};
use url::Url;

/// Runs Matchcut on this machine: a live stream, the API, and the AWS services behind them.
///
/// Once requests are answered, prints the URLs and tokens and then `ready`. After that it logs what
/// happens to clips. Ctrl-C stops it. All state is in the data folder: a later start on the same
/// folder continues where the earlier one ended.
#[derive(Debug, Parser)]
#[command(name = "local", version)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a flag of the command line")]
pub(crate) struct Arguments {
    /// Port of the console, the viewer's pages, the API and the manifests; with 0 the system chooses a free port
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    port: u16,

    /// Folder for all state: the live stream, clips, tables, queues, keys and tokens
    #[arg(long, default_value = ".matchcut", value_name = "DIR")]
    data_dir: PathBuf,

    /// Megabytes that stay free on the disk of that folder: below that, the live stream pauses and
    /// uploads are refused, until twice as much is free
    #[arg(long, default_value_t = 16, value_name = "MEGABYTES")]
    min_free: u64,

    /// Folder of the packaging groups, which define the formats that a clip plays in
    #[arg(long, default_value = "packaging-groups", value_name = "DIR")]
    packaging_groups: PathBuf,

    /// What is on air: a media file, which is looped, or an address to which an encoder pushes video
    /// with sound, such as rtmp://127.0.0.1:1935/live/main or srt://127.0.0.1:9000 [default: a test
    /// picture with a clock]
    #[arg(long, value_name = "FILE|URL")]
    source: Option<Source>,

    /// A sound of the stream, with the name that players show and a language code of three letters;
    /// repeat it for each language, the default one first [default: one sound without a name]
    ///
    /// Of a file or a pushed stream, the first is its first sound, the second its second one. The test
    /// picture has a tone of its own for each: 1000 Hz, 500 Hz, 333 Hz and so on. With several, clips
    /// need a packaging group with `"useAudioRenditionGroup": true`. An example: English=eng
    #[arg(long = "audio", value_name = "NAME=LANGUAGE")]
    audio: Vec<Track>,

    /// A WebVTT rendition of captions, with a name and a language as for --audio; repeat it for each
    /// language [default: none]
    ///
    /// Of a file, the first is its first track of text. The test picture says the time. Captions that are
    /// embedded in the video (CEA-608) stay there without this option.
    #[arg(long = "captions", value_name = "NAME=LANGUAGE")]
    captions: Vec<Track>,

    /// Frames a second of the live stream: 25, 50, 30000/1001 or 60000/1001, as the setting `frameRate` of
    /// a deployment; a source with another rate is converted
    #[arg(long, default_value = "25", value_name = "RATE")]
    frame_rate: FrameRate,

    /// Encode the stream in half the width and height, 640x360 at most, for a machine with few cores:
    /// the encoder needs a third of the processor time
    #[arg(long)]
    small_picture: bool,

    /// Seconds that the channel takes to start, and to stop, from 0 to 600; on AWS about 60
    #[arg(long, default_value_t = 3, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=600))]
    channel_delay: u64,

    /// Length of the startover window in seconds, from 60 to 1209600 (14 days): how far back a clip
    /// can start
    #[arg(long, default_value_t = 900, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(60..=1_209_600))]
    startover: u64,

    /// Seconds between two runs of the sweep, from 1 to 3600; the sweep checks every pending clip
    /// whose event has not arrived
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    sweep: u64,

    /// Faults to inject, as NAME=VALUE,NAME=VALUE; none by default
    ///
    /// A share is a number from 0 to 1.
    ///
    ///   lose=SHARE      events that are lost
    ///   repeat=SHARE    events that are delivered twice
    ///   reorder=SHARE   events that are delivered up to 3 s late, so after later ones
    ///   delay=SECONDS   by which every event is late
    ///   throttle=SHARE  calls to MediaPackage, MediaConvert and MediaLive that are answered 429
    ///   error=SHARE     calls to MediaPackage, MediaConvert and MediaLive that are answered 500 or
    ///                   503, half of them after the call took effect
    ///   hang=SHARE      calls of the functions to AWS that are never answered, half of them after the
    ///                   call took effect
    ///   kill=SHARE      function runs that are cut off at a call to AWS
    ///   fail=SHARE      harvest jobs and transcodes that fail
    ///   slow=SECONDS    that each harvest job, transcode and ingest takes at least
    ///   stale=SECONDS   that queries of DynamoDB's indexes are behind the table at most; each
    ///                   change by its own delay, so that changes appear out of order
    ///   lag=SECONDS     that each manifest of the live origin is behind the stream at most; each
    ///                   response by its own delay, so that manifests lag each other
    ///   stall=SECONDS   after which no further segment arrives, until the channel is stopped and
    ///                   started again
    ///   seed=NUMBER     makes the random choices repeat
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "FAULTS",
        verbatim_doc_comment
    )]
    faults: Faults,

    /// Days, from 0 to 90, for which a deleted clip can be restored before its media goes
    #[arg(long, default_value_t = 7, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=90))]
    trash_days: u32,

    /// Days after which a clip loses its asset and plays as HLS from the bucket; without it, never
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    assets_expire_after_days: Option<u32>,

    /// Which files each clip gets: none, pictures (poster, thumbnails, storyboard), or all (with an MP4)
    #[arg(long, default_value = "all", value_name = "KINDS", value_parser = parse_file_kinds)]
    clip_files: FileKinds,

    /// How precisely clips are cut whose request does not say it: segment, or frame, which makes media of
    /// exactly the requested frames after a clip is ready
    #[arg(long, default_value = "segment", value_name = "PRECISION", value_parser = parse_precision)]
    precision: Precision,

    #[command(flatten)]
    limits: Limits,

    /// How many assets a packaging group can hold before the next group is filled
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    assets_per_group: usize,

    /// Throttle of each route of the API, as a multiple of the contract's `x-throttle`, from 0 to
    /// 1000; with 0 nothing is throttled
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = parse_factor)]
    api_throttle: f64,

    /// How many functions run at once: AWS's default quota for an account
    #[arg(long, default_value_t = 1000, value_name = "COUNT")]
    concurrency: usize,

    /// How many times each function that anyone may call runs at once, as the contract's
    /// `x-public-concurrency` says; with 0 there is no limit
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    public_concurrency: usize,

    /// Megabytes of a file that MediaConvert's Probe covers in a second; no file takes longer than a
    /// minute
    #[arg(long, default_value_t = 3333.0, value_name = "MEGABYTES", value_parser = parse_rate)]
    probe_rate: f64,

    /// Parts of a large upload that S3 joins in a second
    #[arg(long, default_value_t = 50.0, value_name = "PARTS", value_parser = parse_rate)]
    join_rate: f64,

    /// Seconds, from 1 to 43200, after which the credentials of a function expire, and with them the
    /// URLs that it has presigned
    #[arg(long, default_value_t = 21_600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=43_200))]
    credentials_lifetime: u64,

    /// Value of the header X-MediaPackage-CDNIdentifier that the live origin requires; without it,
    /// requests are answered 403 [default: the header is not required]
    #[arg(long, value_name = "TEXT")]
    cdn_identifier: Option<String>,

    /// Make the library private: clips only play with the cookies of grant-playback
    #[arg(long)]
    private: bool,

    /// Host name of the printed URLs and of the clips' manifests; it must resolve to this machine
    /// [default: 127.0.0.1]
    #[arg(long, value_name = "HOST")]
    domain: Option<String>,

    /// Domain whose hosts get the cookies of a private library, such as example.com
    /// [default: only the host of the API]
    #[arg(long, value_name = "DOMAIN")]
    cookie_domain: Option<String>,

    /// Let a program sign in with a secret and these scopes; may be repeated
    ///
    /// The program gets tokens from /oauth2/token with the grant client_credentials. Its id and its
    /// secret are printed at the start. An example: newsroom=matchcut/clips.write
    #[arg(long = "machine", value_name = "NAME=SCOPE,SCOPE")]
    machines: Vec<MachineOption>,

    /// Send a webhook message to this URL for every change event; may be repeated
    ///
    /// The messages are signed as the Standard Webhooks specification says, with the secret that is
    /// printed at the start.
    #[arg(long = "webhook", value_name = "URL")]
    webhooks: Vec<Url>,

    /// Folder of the console and the viewer's pages, as `make console` builds them
    #[arg(long, default_value = "console/dist", value_name = "DIR")]
    console: PathBuf,

    /// Name, logo, colors, competitions, tags and languages of the console and the viewer's pages:
    /// a branding.json, see docs/branding.md [default: Matchcut's own]
    #[arg(long, value_name = "FILE")]
    branding: Option<PathBuf>,

    /// Lifetime in seconds, from 1 to 86400, of the access token of a sign-in; the console gets a
    /// new one before it ends
    #[arg(long, default_value_t = 3600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    token_lifetime: u64,

    /// Do not open the console in the browser; it is only opened if the output is a terminal
    #[arg(long)]
    pub(crate) no_open: bool,

    /// Run AWS Elemental only, next to another stack
    ///
    /// S3 and the event bus are found as any AWS SDK finds them: by AWS_ENDPOINT_URL, AWS_REGION,
    /// AWS_ACCESS_KEY_ID and so on.
    #[arg(long, conflicts_with_all = ["private", "domain", "cookie_domain", "machines", "sweep", "webhooks", "console", "branding", "token_lifetime", "api_throttle", "concurrency", "public_concurrency", "trash_days", "assets_expire_after_days", "clip_files", "precision", "recursion_limit", "function_timeout", "partition_read_units", "partition_write_units"])]
    pub(crate) elemental_only: bool,

    /// Print the whole environment of the functions before `ready`, one line `env NAME=value` for
    /// each variable; with --elemental-only, the variables that an SDK finds AWS Elemental by
    #[arg(long)]
    pub(crate) print_env: bool,
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            port: arguments.port,
            data_dir: arguments.data_dir,
            min_free_megabytes: arguments.min_free,
            packaging_groups: arguments.packaging_groups,
            source: arguments.source.unwrap_or(Source::TestPicture),
            tracks: Tracks { sounds: arguments.audio, captions: arguments.captions },
            frame_rate: arguments.frame_rate,
            small_picture: arguments.small_picture,
            channel_delay: Duration::from_secs(arguments.channel_delay),
            startover: Duration::from_secs(arguments.startover),
            sweep: Duration::from_secs(arguments.sweep),
            pollers: true,
            faults: arguments.faults,
            limits: arguments.limits,
            create_job_burst: 100,
            api_throttle: arguments.api_throttle,
            concurrency: arguments.concurrency,
            public_concurrency: arguments.public_concurrency,
            cdn_identifier: arguments.cdn_identifier,
            private: arguments.private,
            domain: arguments.domain,
            cookie_domain: arguments.cookie_domain,
            machines: arguments.machines,
            webhooks: arguments.webhooks,
            console: arguments.console,
            branding: arguments.branding,
            token_lifetime: Duration::from_secs(arguments.token_lifetime),
            assets_expire_after_days: arguments.assets_expire_after_days,
            clip_files: arguments.clip_files,
            precision: arguments.precision,
            trash_days: arguments.trash_days,
            assets_per_group: arguments.assets_per_group,
            upload_limits: UploadLimits {
                probe_bytes_per_second: arguments.probe_rate * 1e6,
                join_parts_per_second: arguments.join_rate,
                credentials_lifetime: Duration::from_secs(arguments.credentials_lifetime),
            },
        }
    }
}

/// Parses a rate: a number greater than 0.
fn parse_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "this must be a number greater than 0".to_owned())
}

fn parse_precision(text: &str) -> Result<Precision, String> {
    let parsed = serde_json::from_value(serde_json::json!(text));
    parsed.map_err(|_| "not segment or frame".to_owned())
}

fn parse_file_kinds(text: &str) -> Result<FileKinds, String> {
    let parsed = serde_json::from_value(serde_json::json!(text));
    parsed.map_err(|_| "not none, pictures or all".to_owned())
}
