//! Cognito: a user pool with its managed login, which signs operators, viewers and machines in.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-userpools-server-contract-reference.html>

mod authorization_request;
mod authorize;
mod client;
mod codes;
mod discovery;
mod login_page;
mod logout;
mod machine;
mod parameters;
mod random;
mod router;
mod sessions;
mod token_endpoint;
mod tokens;
mod user;
mod user_pool;

pub use machine::{Machine, MachineOption};
pub(crate) use router::router;
pub use tokens::TokenError;
pub(crate) use tokens::{Access, Tokens};
pub(crate) use user::User;
pub(crate) use user_pool::UserPool;
pub use user_pool::UserPoolError;
