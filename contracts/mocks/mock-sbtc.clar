;; Stands in for the sBTC token in simnet and on the local chain. Transfers behave as sBTC's do: only the sender moves its
;; tokens, u1 when it holds too little, u2 when it sends to itself, u3 for zero. Unlike sBTC, anybody may mint.
(impl-trait .sip-010-trait.sip-010-trait)

;; Neither tx-sender nor contract-caller is the sender.
(define-constant ERR_NOT_OWNER (err u4))

(define-fungible-token sbtc-token)

(define-read-only (get-name)
  (ok "sBTC"))

(define-read-only (get-symbol)
  (ok "sBTC"))

(define-read-only (get-decimals)
  (ok u8))

(define-read-only (get-balance (who principal))
  (ok (ft-get-balance sbtc-token who)))

(define-read-only (get-total-supply)
  (ok (ft-get-supply sbtc-token)))

(define-read-only (get-token-uri)
  (ok none))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (asserts! (or (is-eq tx-sender sender) (is-eq contract-caller sender)) ERR_NOT_OWNER)
    (try! (ft-transfer? sbtc-token amount sender recipient))
    (match memo text (print text) 0x)
    (ok true)))

(define-public (mint (amount uint) (recipient principal))
  (ft-mint? sbtc-token amount recipient))
