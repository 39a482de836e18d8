//! Why the library could not be read or written.

use super::MAX_TRIES;
use crate::clip::{ChannelId, ClipKey, CompetitionId, RuleId};

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error("could not write clip {clip}")]
    Put {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not read clip {clip}")]
    Get {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not delete the row of clip {clip}")]
    Delete {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not query index {index} of the library")]
    Query {
        index: &'static str,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not read clips of competition {competition}")]
    BatchGet {
        competition: CompetitionId,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not read clips of competition {competition}: DynamoDB left some out")]
    Unprocessed { competition: CompetitionId },
    #[error("could not read the record of channel {channel}")]
    GetChannel {
        channel: ChannelId,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not write the record of channel {channel}")]
    UpdateChannel {
        channel: ChannelId,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not read marks of channel {channel}")]
    ReadMarks {
        channel: ChannelId,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not write a mark of channel {channel}")]
    WriteMark {
        channel: ChannelId,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not encode a mark as a row")]
    EncodeMark(#[source] serde_dynamo::Error),
    #[error("could not write a mark of channel {channel}: other writers of its key were faster")]
    ContendedMark { channel: ChannelId },
    #[error("could not read an idempotency record")]
    FindRecord(#[source] Box<aws_sdk_dynamodb::Error>),
    #[error("could not read the rules, or the clips that they have made")]
    ReadRules(#[source] Box<aws_sdk_dynamodb::Error>),
    #[error("could not write rule {rule} or one of its clips")]
    WriteRule {
        rule: RuleId,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not encode rule {rule} as a row")]
    EncodeRule {
        rule: RuleId,
        #[source]
        source: serde_dynamo::Error,
    },
    #[error("could not decode a row of the library")]
    Decode(#[source] serde_dynamo::Error),
    #[error("could not encode clip {clip} as a row")]
    Encode {
        clip: ClipKey,
        #[source]
        source: serde_dynamo::Error,
    },
    #[error("could not change clip {clip}: other writers changed it {MAX_TRIES} times in a row")]
    Contended { clip: ClipKey },
}

impl LibraryError {
    /// Maps the error of a query of this index.
    pub(super) fn query_failed<E>(index: &'static str) -> impl Fn(E) -> Self
    where
        aws_sdk_dynamodb::Error: From<E>,
    {
        move |error| Self::Query { index, source: Box::new(error.into()) }
    }
}
