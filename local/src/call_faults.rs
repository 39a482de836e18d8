//! Injected faults of API calls: answers 429, 500 and 503.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::aws_protocol::AwsError;
use crate::faults::Faults;

/// Which share of the calls is answered with an error.
#[derive(Debug)]
pub(crate) struct CallFaults {
    throttle: f64,
    error: f64,
    random: Mutex<fastrand::Rng>,
}

/// The outcome of a call.
enum Outcome {
    Answered,
    Throttled,
    /// The answer is 503 if `is_unavailable`, else 500.
    Failed {
        takes_effect: bool,
        is_unavailable: bool,
    },
}

impl CallFaults {
    pub(crate) fn new(faults: &Faults) -> Arc<Self> {
        let random = Mutex::new(faults.random("calls of AWS Elemental"));
        Arc::new(Self { throttle: faults.throttle, error: faults.error, random })
    }

    fn draw_outcome(&self) -> Outcome {
        let mut random = self.random.lock().expect("no thread panics while it holds the lock");
        if random.f64() < self.throttle {
            return Outcome::Throttled;
        }
        if random.f64() < self.error {
            return Outcome::Failed { takes_effect: random.bool(), is_unavailable: random.bool() };
        }
        Outcome::Answered
    }
}

/// Answers a call, or injects a fault. Half of the calls that are answered 500 or 503 take effect.
pub(crate) async fn answer(
    State(faults): State<Arc<CallFaults>>,
    request: Request,
    next: Next,
) -> Response {
    // MediaConvert and MediaLive document no 503.
    // <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
    // <https://docs.aws.amazon.com/medialive/latest/apireference/channels-channelid.html>
    let path = request.uri().path();
    let has_503 = !path.starts_with("/2017-08-29/") && !path.starts_with("/prod/");
    match faults.draw_outcome() {
        Outcome::Answered => next.run(request).await,
        Outcome::Throttled => AwsError::too_many_requests("Too Many Requests").into_response(),
        Outcome::Failed { takes_effect, is_unavailable } => {
            if takes_effect {
                next.run(request).await;
            }
            if is_unavailable && has_503 {
                AwsError::unavailable().into_response()
            } else {
                AwsError::internal().into_response()
            }
        }
    }
}
