;; A contract that acts for itself, inside as-contract?, as smart wallets do: a merchant, payer or operator that is a
;; contract. Anybody may use it.
(define-constant ERR_FENCE (err u900))

(define-public (create-invoice (amount uint))
  (match (as-contract? ()
      (try! (contract-call? .recoup-core create-invoice amount none u100 none none none none none)))
    id (ok id)
    violation ERR_FENCE))

(define-public (cancel-invoice (id uint))
  (match (as-contract? () (try! (contract-call? .recoup-core cancel-invoice id)))
    done (ok done)
    violation ERR_FENCE))

(define-public (pay-stx (id uint) (merchant principal) (amount uint))
  (match (as-contract? ((with-stx amount))
      (try! (contract-call? .recoup-core pay-stx id merchant amount)))
    done (ok done)
    violation ERR_FENCE))

(define-public (pay-sbtc (id uint) (merchant principal) (amount uint))
  (match (as-contract? ((with-ft .mock-sbtc "sbtc-token" amount))
      (try! (contract-call? .recoup-core pay-ft id merchant amount .mock-sbtc)))
    done (ok done)
    violation ERR_FENCE))

(define-public (refund-stx (id uint) (payer principal) (amount uint))
  (match (as-contract? ((with-stx amount))
      (try! (contract-call? .recoup-core refund-stx id payer amount u0 none none)))
    refund-id (ok refund-id)
    violation ERR_FENCE))
