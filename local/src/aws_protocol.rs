//! Errors and bodies of AWS's JSON protocols, as the SDKs read them.
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>

use axum::Json;
use axum::extract::Request;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

/// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#x-amzn-query-error>
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// An error as the SDKs read it: the message is in the body. REST-JSON reads the type from a header,
/// AWS JSON from the body.
#[derive(Clone, Debug)]
pub(crate) struct AwsError {
    status: StatusCode,
    kind: &'static str,
    message: String,
    /// The error code of SQS's older protocol, which some SDKs expect.
    query_code: Option<&'static str>,
}

impl AwsError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), query_code: None }
    }

    /// An error of SQS.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>
    fn sqs(kind: &'static str, query_code: &'static str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, kind, message);
        Self { query_code: Some(query_code), ..error }
    }

    pub(crate) fn queue_not_found() -> Self {
        let code = "AWS.SimpleQueueService.NonExistentQueue";
        Self::sqs("QueueDoesNotExist", code, "The specified queue does not exist.")
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::sqs("InvalidParameterValueException", "InvalidParameterValue", message)
    }

    pub(crate) fn invalid_receipt_handle(message: impl Into<String>) -> Self {
        Self::sqs("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message)
    }

    pub(crate) fn not_in_flight(message: impl Into<String>) -> Self {
        let code = "AWS.SimpleQueueService.MessageNotInflight";
        Self::sqs("MessageNotInflight", code, message)
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "UnprocessableEntityException", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundException", message)
    }

    pub(crate) fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", message)
    }

    /// A throttled call of DynamoDB.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
    pub(crate) fn throttled(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ThrottlingException", message)
    }

    pub(crate) fn internal() -> Self {
        let kind = "InternalServerErrorException";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, kind, "internal error")
    }

    pub(crate) fn unavailable() -> Self {
        let kind = "ServiceUnavailableException";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, "try again later")
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    /// An invalid request to EventBridge.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationException", message)
    }

    /// A secret that Secrets Manager does not find.
    pub(crate) fn resource_not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ResourceNotFoundException", message)
    }

    /// An operation that the product does not use.
    pub(crate) fn not_implemented(operation: &str) -> Self {
        let message = format!("the stand-in does not implement {operation}");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplementedException", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ConflictException", message)
    }
}

impl From<std::io::Error> for AwsError {
    fn from(error: std::io::Error) -> Self {
        let kind = "InternalServerErrorException";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, kind, error.to_string())
    }
}

impl From<QueryRejection> for AwsError {
    fn from(error: QueryRejection) -> Self {
        Self::unprocessable(error.body_text())
    }
}

impl IntoResponse for AwsError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "__type": self.kind, "message": self.message }));
        let mut response = (self.status, [("x-amzn-errortype", self.kind)], body).into_response();
        if let Some(code) = self.query_code {
            let header = HeaderValue::from_str(&format!("{code};Sender"));
            response.headers_mut().extend(header.ok().map(|it| (QUERY_ERROR, it)));
        }
        response
    }
}

/// Answers an operation that the product does not use.
pub(crate) async fn not_implemented(request: Request) -> AwsError {
    AwsError::not_implemented(&format!("{} {}", request.method(), request.uri().path()))
}

/// Parses the JSON body of a request to MediaPackage. The error names the invalid field.
pub(crate) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, AwsError> {
    read_json(body).map_err(AwsError::unprocessable)
}

/// Parses the JSON body of a request. The error names the invalid field.
pub(crate) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let json = &mut serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(json).map_err(|error| error.to_string())
}

/// Checks an id by MediaPackage's rule: letters, digits, `_` and `-`.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/hj-create-basic.html>
pub(crate) fn check_id(id: &str) -> Result<(), AwsError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.bytes().all(allowed) {
        Ok(())
    } else {
        Err(AwsError::unprocessable(format!("id {id:?} may only have letters, digits, _ and -")))
    }
}

/// One page of a list in the order of its ids, and the token of the next page.
pub(crate) fn page<T>(
    items: impl Iterator<Item = (String, T)>,
    max_results: Option<usize>,
    token: Option<&str>,
) -> (Vec<T>, Option<String>) {
    let max_results = max_results.unwrap_or(1000).clamp(1, 1000);
    let mut rest = items.skip_while(|(id, _)| token.is_some_and(|token| id.as_str() <= token));
    let page: Vec<(String, T)> = rest.by_ref().take(max_results).collect();
    let next = rest.next().and_then(|_| page.last().map(|(id, _)| id.clone()));
    (page.into_iter().map(|(_, item)| item).collect(), next)
}
