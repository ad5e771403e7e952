;; A foreign contract that prints what recoup-core prints, so that readers of events can be tested to tell them apart.
(define-public (imitate-refund (merchant principal) (payer principal))
  (begin
    (print {
      event: "refund-processed",
      burn-height: burn-block-height,
      refund-id: u1,
      invoice-id: u1,
      merchant: merchant,
      issuer: merchant,
      payer: payer,
      token: (if true none (some current-contract)),
      amount: u1000000,
      reason: (if true none (some u"")),
      reference: (if true none (some "")),
      payer-paid: u1000000,
      payer-refunded: u1000000,
      deadline: (+ burn-block-height u4320),
      amount-paid: u1000000,
      amount-refunded: u1000000,
      status: u5,
      refund-window: u4320,
      first-payment-at: (some burn-block-height),
      expires-at: (+ burn-block-height u100),
    })
    (ok true)))
