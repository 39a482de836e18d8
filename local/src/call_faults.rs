//! AWS Elemental on a bad day: calls that are answered 429, or 500 or 503, done or not.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::aws_protocol::AwsError;
use crate::faults::Faults;

/// How often calls are answered so.
#[derive(Debug)]
pub(crate) struct CallFaults {
    throttle: f64,
    error: f64,
    chance: Mutex<fastrand::Rng>,
}

/// What becomes of a call.
enum Fate {
    Answered,
    Throttled,
    Failed { done: bool, unavailable: bool },
}

impl CallFaults {
    pub(crate) fn new(faults: &Faults) -> Arc<Self> {
        let chance = Mutex::new(faults.chance("calls of AWS Elemental"));
        Arc::new(Self { throttle: faults.throttle, error: faults.error, chance })
    }

    fn fate(&self) -> Fate {
        let mut chance = self.chance.lock().expect("nothing panics while it holds it");
        if chance.f64() < self.throttle {
            return Fate::Throttled;
        }
        if chance.f64() < self.error {
            return Fate::Failed { done: chance.bool(), unavailable: chance.bool() };
        }
        Fate::Answered
    }
}

/// Answers a call; where it is a server's error, half of the calls take effect all the same.
pub(crate) async fn answer(
    State(faults): State<Arc<CallFaults>>,
    request: Request,
    next: Next,
) -> Response {
    // MediaConvert knows no 503.
    // <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
    let is_media_convert = request.uri().path().starts_with("/2017-08-29/");
    match faults.fate() {
        Fate::Answered => next.run(request).await,
        Fate::Throttled => AwsError::too_many_requests("Too Many Requests").into_response(),
        Fate::Failed { done, unavailable } => {
            if done {
                next.run(request).await;
            }
            if unavailable && !is_media_convert {
                AwsError::unavailable().into_response()
            } else {
                AwsError::internal().into_response()
            }
        }
    }
}
