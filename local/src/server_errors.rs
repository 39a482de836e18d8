//! AWS Elemental on a bad day: calls that are answered 500 or 503, done or not.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::faults::Faults;
use crate::wire::AwsError;

/// How often calls are answered so.
#[derive(Debug)]
pub(crate) struct ServerErrors {
    share: f64,
    chance: Mutex<fastrand::Rng>,
}

impl ServerErrors {
    pub(crate) fn new(faults: &Faults) -> Arc<Self> {
        Arc::new(Self {
            share: faults.error,
            chance: Mutex::new(faults.chance("calls of AWS Elemental")),
        })
    }
}

/// Answers a call; where it is an error, half of the calls take effect all the same.
pub(crate) async fn answer(
    State(errors): State<Arc<ServerErrors>>,
    request: Request,
    next: Next,
) -> Response {
    let (fails, done, error) = {
        let mut chance = errors.chance.lock().expect("nothing panics while it holds it");
        let fails = chance.f64() < errors.share;
        let error = if chance.bool() { AwsError::internal() } else { AwsError::unavailable() };
        (fails, chance.bool(), error)
    };
    if !fails {
        return next.run(request).await;
    }
    if done {
        next.run(request).await;
    }
    error.into_response()
}
