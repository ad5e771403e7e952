//! What a call orders is read back as it was written.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, ContractCall, PaidIn, RefundOrder, ReserveCall, refund_orders};
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::{Reference, Text};
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::transaction::ContractCall as Called;

fn order(amount: u128, reference: Option<&str>) -> RefundOrder {
    RefundOrder {
        invoice_id: InvoiceId(7),
        payer: "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG".parse().unwrap(),
        amount: BaseUnits(amount),
        expected_refunded: BaseUnits(u128::MAX),
        reference: reference.map(|text| Reference::new(text).unwrap()),
        reason: reference.map(|_| Text::new("\0 <b>").unwrap()),
    }
}

fn called(call: &impl ContractCall) -> Called {
    Called {
        contract: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
            .parse()
            .unwrap(),
        function: call.function(),
        arguments: call.arguments(),
    }
}

#[test]
fn orders_read_back_from_each_function_that_refunds() {
    let token: ContractId = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.coin".parse().unwrap();
    for token in [None, Some(token)] {
        let one = PaidIn {
            order: order(5, Some("a")),
            token: token.clone(),
        };
        let many = PaidIn {
            order: vec![order(1, None), order(u128::MAX, Some("b"))],
            token: token.clone(),
        };
        let single = PaidIn {
            order: vec![one.order.clone()],
            token,
        };
        for (call, expected) in [
            (called(&Call::Refund(one.clone())), single.clone()),
            (called(&ReserveCall::Refund(one)), single),
            (called(&Call::RefundMany(many.clone())), many),
        ] {
            assert_eq!(refund_orders(&call), Ok(Some(expected)));
            let mut shorter = call.clone();
            shorter.arguments.pop();
            assert!(refund_orders(&shorter).is_err(), "{}", call.function);
            let mut other = call;
            other.arguments[0] = Value::Bool(true);
            assert!(refund_orders(&other).is_err(), "{}", other.function);
        }
    }
    let mut other = called(&Call::CancelInvoice {
        invoice_id: InvoiceId(1),
    });
    assert_eq!(refund_orders(&other), Ok(None));
    // A plain principal is no token.
    other.function = ClarityName::from_static("refund-many-ft");
    let payer = Value::Principal(order(1, None).payer);
    other.arguments = vec![Value::List(Vec::new()), payer];
    assert!(refund_orders(&other).is_err());
}
