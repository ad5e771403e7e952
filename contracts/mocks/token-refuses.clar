;; A token that refuses every transfer with codes of its own: u102 when the sender holds too little, else u13.
(impl-trait .sip-010-trait.sip-010-trait)

(define-fungible-token coin)

(define-read-only (get-name) (ok "token-refuses"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (asserts! (<= amount (ft-get-balance coin sender)) (err u102))
    (err u13)))
