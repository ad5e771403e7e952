//! Tables `subscription_plan`, `subscription` and `subscription_change`.

mod adopt;
mod page;

pub use adopt::{adopt_change, adopt_plan, adopt_start, find_plan, find_standing, orphan};
pub use page::{SubscriptionFilter, find, page, payments};
