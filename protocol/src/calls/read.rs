//! Reading calls back: which refunds a transaction orders.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::Value;
use recoup_stacks::transaction::ContractCall as Called;

use super::{PaidIn, RefundOrder};
use crate::record::{Field, Record as _, RecordError};

/// The refunds that a call of `recoup-core` or `recoup-reserve` orders, in their order; `None` for calls of other functions.
/// Whose contract it is, the caller has to know.
///
/// # Errors
/// [`RecordError`] when the function is one that refunds, and its arguments are not.
pub fn refund_orders(call: &Called) -> Result<Option<PaidIn<Vec<RefundOrder>>>, RecordError> {
    let arguments = &call.arguments[..];
    match (call.function.as_str(), arguments) {
        ("refund-stx", [invoice, payer, amount, expected, reference, reason]) => {
            let order = order([invoice, payer, amount, expected, reference, reason])?;
            Ok(Some(paid_in(vec![order], None)?))
        }
        ("refund-ft", [invoice, payer, amount, token, expected, reference, reason]) => {
            let order = order([invoice, payer, amount, expected, reference, reason])?;
            Ok(Some(paid_in(vec![order], Some(token))?))
        }
        ("refund-many-stx", [orders]) => Ok(Some(paid_in(list(orders)?, None)?)),
        ("refund-many-ft", [orders, token]) => Ok(Some(paid_in(list(orders)?, Some(token))?)),
        ("refund-stx" | "refund-ft" | "refund-many-stx" | "refund-many-ft", _) => {
            Err(RecordError::FieldCount {
                expected: if call.function.as_str().ends_with("-ft") {
                    7
                } else {
                    6
                },
                actual: arguments.len(),
            })
        }
        _ => Ok(None),
    }
}

fn order(
    [invoice, payer, amount, expected, reference, reason]: [&Value; 6],
) -> Result<RefundOrder, RecordError> {
    Ok(RefundOrder {
        invoice_id: Field::read(invoice)?,
        payer: Field::read(payer)?,
        amount: Field::read(amount)?,
        expected_refunded: Field::read(expected)?,
        reference: Field::read(reference)?,
        reason: Field::read(reason)?,
    })
}

fn list(orders: &Value) -> Result<Vec<RefundOrder>, RecordError> {
    let Value::List(orders) = orders else {
        return Err(RecordError::shape("a list", orders));
    };
    orders.iter().map(RefundOrder::from_value).collect()
}

fn paid_in(order: Vec<RefundOrder>, token: Option<&Value>) -> Result<PaidIn<Vec<RefundOrder>>, RecordError> {
    let token = token
        .map(|token| {
            let principal = Principal::read(token)?;
            let contract = principal.as_contract().cloned();
            contract.ok_or_else(|| RecordError::shape("a contract", token))
        })
        .transpose()?;
    Ok(PaidIn { order, token })
}
