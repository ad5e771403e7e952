//! The registry of contract errors: number, name, meaning, and what to do about it.
//!
//! Contract source, documentation and this list agree by a test; numbers are never reused.

use std::fmt;

use recoup_stacks::clarity::Value;

use crate::contracts::Contract;

macro_rules! contract_errors {
    ($($variant:ident = $code:literal, $name:literal, $meaning:literal, $hint:literal;)*) => {
        /// An `(err uN)` of Recoup's contracts: each contract has its own block of a hundred numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ContractError {
            $(#[doc = $meaning] $variant,)*
        }

        impl ContractError {
            /// Every error, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The number in `(err uN)`.
            #[must_use]
            pub const fn code(self) -> u128 {
                match self { $(Self::$variant => $code,)* }
            }

            /// The constant's name in the contract.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// When the contract answers it: a lower-case fragment.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

contract_errors! {
    NotAuthorised = 1000, "ERR_NOT_AUTHORISED", "not authorised for this invoice, or called through a relay",
        "use the merchant's wallet, or have the merchant appoint this one as an operator";
    InvoiceNotFound = 1001, "ERR_INVOICE_NOT_FOUND", "there is no such invoice",
        "check the invoice's id and the network";
    InvalidAmount = 1002, "ERR_INVALID_AMOUNT", "the amount is zero, or the smallest payment is not between 1 and the amount",
        "give an amount above zero";
    InvalidWindow = 1003, "ERR_INVALID_WINDOW", "the refund window is out of range, or not longer than before",
        "choose 144 to 52560 burn blocks (at least 1008 with instalments); a window can only grow, before the first deadline";
    InvalidExpiry = 1004, "ERR_INVALID_EXPIRY", "the time to pay is out of range",
        "choose 1 to 52560 burn blocks";
    ReferenceEmpty = 1005, "ERR_REFERENCE_EMPTY", "the reference is empty",
        "give a reference of 1 to 64 ASCII characters, or none";
    ReferenceUsed = 1006, "ERR_REFERENCE_USED", "the merchant used this reference before",
        "look at what it names: a retry of a refund that succeeded ends here and pays nothing; something new needs a new reference";
    TokenMismatch = 1007, "ERR_TOKEN_MISMATCH", "the token is not the invoice's",
        "use the token that the invoice names";
    MerchantMismatch = 1008, "ERR_MERCHANT_MISMATCH", "the merchant named is not the invoice's",
        "check the invoice's id with the merchant before paying: another invoice may have taken it";
    PayerNotAllowed = 1009, "ERR_PAYER_NOT_ALLOWED", "this payer may not pay the invoice",
        "pay from the wallet that the invoice names; a merchant cannot pay itself";
    NotPayable = 1010, "ERR_NOT_PAYABLE", "the invoice is paid, cancelled, or has refunds",
        "ask the merchant for a new invoice";
    InvoiceExpired = 1011, "ERR_INVOICE_EXPIRED", "the invoice's time to pay is over",
        "ask the merchant for a new invoice";
    MoreThanDue = 1012, "ERR_MORE_THAN_DUE", "the amount is more than is due",
        "pay at most what is still due";
    BelowMinPayment = 1013, "ERR_BELOW_MIN_PAYMENT", "the amount is below the smallest payment and is not the rest",
        "pay at least the invoice's smallest payment, or all that is still due";
    InstalmentTooLate = 1014, "ERR_INSTALMENT_TOO_LATE", "fewer than 144 burn blocks remain to this payer's deadline",
        "ask the merchant for a new invoice for the rest: this instalment could not be refunded in time";
    NotCancellable = 1015, "ERR_NOT_CANCELLABLE", "the invoice is paid, cancelled, refunded or expired",
        "refund what was paid instead";
    NothingPaid = 1020, "ERR_NOTHING_PAID", "this payer paid nothing on this invoice",
        "look at the invoice's payers: a refund goes back only to one who paid";
    WindowExpired = 1021, "ERR_WINDOW_EXPIRED", "the refund window is over for this payer",
        "the contract can no longer refund this payment; an agreement with the payer is a transfer of its own";
    FullyRefunded = 1022, "ERR_FULLY_REFUNDED", "all that this payer paid was refunded already",
        "look at the invoice's refunds";
    LedgerChanged = 1023, "ERR_LEDGER_CHANGED", "this payer was refunded something else since the refund was planned",
        "look at the invoice's refunds and plan again: somebody else may have issued one";
    MoreThanRefundable = 1024, "ERR_MORE_THAN_REFUNDABLE", "the amount is more than this payer can still get back",
        "refund at most what is left of what this payer paid";
    EmptyBatch = 1025, "ERR_EMPTY_BATCH", "the batch holds no refund",
        "give at least one refund";
    InsufficientBalance = 1030, "ERR_INSUFFICIENT_BALANCE", "the sender's balance is lower than the amount",
        "top up the sending address";
    TransferFailed = 1031, "ERR_TRANSFER_FAILED", "the token refused the transfer",
        "ask who runs the token: it may be paused or may block one of the two addresses";
    ForbiddenTransfer = 1032, "ERR_FORBIDDEN_TRANSFER", "the token tried to move something that the call did not name",
        "nothing was moved; do not trust this token";

    SubscriptionNotAuthorised = 1100, "ERR_NOT_AUTHORISED",
        "neither the subscriber nor the merchant of this plan or subscription, or called through a relay",
        "use the wallet that subscribed, or the merchant's";
    PlanNotFound = 1101, "ERR_PLAN_NOT_FOUND", "there is no such plan",
        "check the plan's id and the network";
    TermsDiffer = 1102, "ERR_TERMS_DIFFER", "the merchant or the amount named is not the plan's",
        "check the plan's id with the merchant before paying: another plan may have taken it";
    PlanClosed = 1103, "ERR_PLAN_CLOSED", "the plan takes no new subscription",
        "ask the merchant for its current plan; subscriptions that exist go on";
    SubscriptionNotFound = 1104, "ERR_SUBSCRIPTION_NOT_FOUND", "there is no such subscription",
        "check the subscription's id and the network";
    SubscriptionCancelled = 1105, "ERR_CANCELLED", "the subscription was cancelled",
        "subscribe anew; what was paid stays refundable in its window";
    TooEarly = 1106, "ERR_TOO_EARLY", "more than the next period is paid already",
        "pay again when the period that was paid for last has begun";
    InvalidPlan = 1107, "ERR_INVALID_PLAN", "the amount is zero, or the interval or the refund window is out of range",
        "give an amount above zero, an interval of 1 to 52560 and a refund window of 144 to 52560 burn blocks";
    PlanTokenMismatch = 1108, "ERR_TOKEN_MISMATCH", "the token is not the plan's",
        "use the token that the plan names";

    ReserveNotAuthorised = 1200, "ERR_NOT_AUTHORISED", "called through a relay",
        "call the reserve from the wallet itself; a smart wallet calls in its own name";
    NotDelegate = 1201, "ERR_NOT_DELEGATE", "no delegate of this merchant for this token",
        "have the merchant name this wallet with `recoup reserve delegate`";
    DelegationExpired = 1202, "ERR_DELEGATION_EXPIRED", "the delegation is over",
        "have the merchant set it anew with `recoup reserve delegate`";
    AboveLimit = 1203, "ERR_ABOVE_LIMIT", "the refund is above the delegate's limit for one refund",
        "refund less, or have the merchant raise the limit or refund itself";
    BudgetSpent = 1204, "ERR_BUDGET_SPENT", "the refund is above what is left of the delegate's budget in this period",
        "refund less, wait for the next period, or have the merchant refund itself";
    ReserveTooLow = 1205, "ERR_RESERVE_TOO_LOW", "the merchant's reserve holds less than the amount",
        "have the merchant add to it with `recoup reserve deposit`";
    DelegateIsPayer = 1206, "ERR_DELEGATE_IS_PAYER", "a delegate cannot refund itself",
        "have the merchant or another delegate refund this payer";
    InvalidReserveAmount = 1207, "ERR_INVALID_AMOUNT",
        "an amount is zero or too large, the limit for one refund is above the budget, or period or expiry is out of range",
        "give amounts above zero, a budget not below the limit for one refund, and 1 to 52560 burn blocks";
    ReserveTokenMismatch = 1208, "ERR_TOKEN_MISMATCH", "the token is not the invoice's",
        "use the token that the invoice names";
    ReserveTransferFailed = 1209, "ERR_TRANSFER_FAILED", "the transfer was refused, or a deposit did not arrive in full",
        "check the sender's balance; a token that takes a fee from transfers cannot be kept in reserve";
    ReserveForbiddenTransfer = 1210, "ERR_FORBIDDEN_TRANSFER", "the token tried to move something that the call did not name",
        "nothing was moved; do not trust this token";
}

impl ContractError {
    /// Whose error it is: the block that its number stands in.
    #[must_use]
    pub const fn contract(self) -> Contract {
        match self.code() {
            ..1100 => Contract::Core,
            1100..1200 => Contract::Subscriptions,
            1200.. => Contract::Reserve,
        }
    }

    /// The error of a number, if it is one of ours.
    #[must_use]
    pub fn from_code(code: u128) -> Option<Self> {
        Self::ALL.iter().copied().find(|error| error.code() == code)
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (u{})", self.meaning(), self.code())
    }
}

impl std::error::Error for ContractError {}

/// What a call's `(err ..)` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// One of the contract's own errors.
    Contract(ContractError),
    /// Anything else: shown as it is.
    Unknown(Value),
}

impl Refusal {
    /// Reads a transaction's raw result; `None` when the call succeeded.
    ///
    /// Look here before naming a reason: nodes report a contract's refusal under an exact post-condition as an abort by
    /// that post-condition, with the contract's error still in the raw result.
    #[must_use]
    pub fn from_result(raw_result: &Value) -> Option<Self> {
        let Value::Err(inner) = raw_result else {
            return None;
        };
        let known = match inner.as_ref() {
            Value::UInt(code) => ContractError::from_code(*code),
            _ => None,
        };
        Some(known.map_or_else(|| Self::Unknown(raw_result.clone()), Self::Contract))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract(error) => error.fmt(f),
            Self::Unknown(result) => write!(f, "the contract answered {result}"),
        }
    }
}
