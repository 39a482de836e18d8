"""The actions that each function may use, as the deployment's tests try them."""

WRITE_ROWS = {"dynamodb:GetItem", "dynamodb:PutItem"}
START_HARVESTS = {"mediapackage:CreateHarvestJob", "mediapackage:DescribeHarvestJob"}
CREATE_ASSETS = {
    "mediapackage-vod:CreateAsset",
    "mediapackage-vod:DescribeAsset",
    "mediapackage-vod:DeleteAsset",
}
QUERY_QUEUE = "dynamodb:Query waiting"
LIST_CLIPS = {"dynamodb:Query listed", "dynamodb:BatchGetItem"}
# Only on rows of channels, which the emulator does not check.
OBSERVE_CHANNELS = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
SEND_DUE_MESSAGES = {QUERY_QUEUE, "sqs:SendMessage ClipDueClips"}
LIST_MULTIPART_UPLOADS = "s3:ListBucketMultipartUploads of uploads"
# S3 answers 404 only to callers that may list the bucket.
READ_ORIGINALS = {"s3:GetObject of uploads", "s3:ListBucket of uploads"}
START_TRANSCODES = READ_ORIGINALS | {
    "s3:GetObjectTagging of uploads",
    "mediaconvert:CreateJob",
    "mediaconvert:SearchJobs",
    "mediaconvert:Probe",
}
READ_MANIFESTS = {"s3:GetObject of clips", "s3:ListBucket of clips"}
START_FILE_JOBS = READ_MANIFESTS | {"mediaconvert:CreateJob"}
DELETE_MEDIA = {"s3:ListBucket of clips", "s3:DeleteObject of clips"}


def receive_from(queue: str) -> set[str]:
    return {f"sqs:ReceiveMessage {queue}", f"sqs:ChangeMessageVisibility {queue}"}


# The actions of each function. All other actions below must be denied.
ALLOWED = {
    "create-clip": WRITE_ROWS | START_HARVESTS | SEND_DUE_MESSAGES,
    # No SendMessage to its own queue, which Lambda would stop as a loop.
    "harvest-clip": WRITE_ROWS | START_HARVESTS | {QUERY_QUEUE} | receive_from("ClipDueClips"),
    "update-clip": WRITE_ROWS | SEND_DUE_MESSAGES,
    "delete-clip": WRITE_ROWS,
    "restore-clip": WRITE_ROWS | SEND_DUE_MESSAGES,
    "retry-clip": WRITE_ROWS | SEND_DUE_MESSAGES,
    "create-reel": WRITE_ROWS | LIST_CLIPS,
    "confirm-clip": WRITE_ROWS | START_HARVESTS | SEND_DUE_MESSAGES,
    # Only on rows of rules, which the emulator does not check.
    "list-rules": {"dynamodb:Query"},
    "create-rule": {"dynamodb:Query", "dynamodb:PutItem"},
    "replace-rule": WRITE_ROWS,
    "delete-rule": {"dynamodb:GetItem", "dynamodb:DeleteItem"},
    "preview-rule": {"dynamodb:Query"},
    "apply-rules": WRITE_ROWS
    | {
        "dynamodb:ConditionCheckItem",
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "dynamodb:Query",
        "sqs:SendMessage ClipDueClips",
        "sqs:SendMessage RuleUnapplied",
    },
    "create-export": WRITE_ROWS | READ_MANIFESTS | {"mediaconvert:CreateJob"},
    "list-exports": {"dynamodb:GetItem"},
    "show-export": {"dynamodb:GetItem"},
    "export-complete": WRITE_ROWS | {"s3:ListBucket of clips", "sqs:SendMessage ExportUndelivered"},
    "announce-clip": {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "events:PutEvents",
        "sqs:SendMessage AnnounceUnannounced",
    },
    "deliver-webhook-newsroom": receive_from("WebhooknewsroomChanges")
    | {
        "secretsmanager:GetSecretValue of the webhook",
    },
    "harvest-complete": WRITE_ROWS
    | CREATE_ASSETS
    | DELETE_MEDIA
    | SEND_DUE_MESSAGES
    | START_FILE_JOBS
    | {
        "sqs:SendMessage AssetUndelivered",
    },
    "asset-playable": WRITE_ROWS | {"sqs:SendMessage AssetUndelivered"},
    "create-upload": WRITE_ROWS | {"s3:PutObject of uploads", LIST_MULTIPART_UPLOADS},
    "list-upload-parts": {
        "dynamodb:GetItem",
        "s3:PutObject of uploads",
        "s3:ListMultipartUploadParts of uploads",
    },
    "complete-upload": WRITE_ROWS | {"s3:PutObject of uploads"} | READ_ORIGINALS,
    "transcode-upload": WRITE_ROWS | START_TRANSCODES | receive_from("UploadArrived"),
    "transcode-complete": WRITE_ROWS
    | CREATE_ASSETS
    | DELETE_MEDIA
    | START_FILE_JOBS
    | {
        "sqs:SendMessage UploadUndelivered",
    },
    "sweep-library": WRITE_ROWS
    | START_HARVESTS
    | CREATE_ASSETS
    | SEND_DUE_MESSAGES
    | START_TRANSCODES
    | START_FILE_JOBS
    | DELETE_MEDIA
    | {
        "dynamodb:Query unfinished",
        "dynamodb:DeleteItem",
        "mediaconvert:GetJob",
        "dynamodb:UpdateItem",
        "mediapackage:ListHarvestJobs",
        "mediapackage-vod:DescribePackagingGroup",
        "s3:DeleteObject of uploads",
        "s3:AbortMultipartUpload of uploads",
        "s3:ListMultipartUploadParts of uploads",
        "s3:PutObject of uploads",
        LIST_MULTIPART_UPLOADS,
        "sqs:SendMessage LibraryDropped",
    },
    "list-clips": LIST_CLIPS,
    "list-changes": {"dynamodb:Query changes", QUERY_QUEUE},
    "follow-clip": {"dynamodb:GetItem", QUERY_QUEUE},
    "list-channels": OBSERVE_CHANNELS,
    # Only on rows of marks, which the emulator does not check.
    "create-mark": WRITE_ROWS | {"dynamodb:UpdateItem"},
    "list-marks": {"dynamodb:Query"},
    "delete-mark": {"dynamodb:DeleteItem"},
    "receive-marks": WRITE_ROWS
    | {"dynamodb:UpdateItem", "secretsmanager:GetSecretValue of the webhook"},
    "start-channel": OBSERVE_CHANNELS,
    "stop-channel": OBSERVE_CHANNELS,
    "show-page": {"dynamodb:GetItem"},
    "describe-embed": {"dynamodb:GetItem"},
    "show-feed": LIST_CLIPS,
    "show-sitemap": LIST_CLIPS,
    "show-timeline": {"dynamodb:GetItem"} | READ_MANIFESTS,
    "show-clip": {"dynamodb:GetItem", QUERY_QUEUE},
    "show-health": set(),
    "grant-playback": set(),
    "refuse-request": set(),
    "scope-token": set(),
}
