;; A token that refuses every transfer with u13 and does not tell balances either.
(impl-trait .sip-010-trait.sip-010-trait)

(define-fungible-token coin)

(define-read-only (get-name) (ok "token-hides-balance"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (err u14))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (err u13))
