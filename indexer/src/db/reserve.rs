//! Tables `reserve_movement` and `reserve_delegate_change`, and what follows from them: `reserve`, `reserve_delegate`.

mod adopt;
mod current;
mod refresh;

pub use adopt::{Movement, adopt_delegate, adopt_movement, balance, delegate, orphan};
pub use current::{delegates_of_merchant, of_merchant};
pub use refresh::refresh;
