;; A token that, while it is transferred, tries all that it can do to recoup-reserve with the authority of its caller, and
;; prints the answers; told to be bold, it also takes a micro-STX of whoever transfers it.
(impl-trait .sip-010-trait.sip-010-trait)

(define-fungible-token coin)
(define-data-var bold bool false)

(define-public (be-bold)
  (ok (var-set bold true)))

(define-read-only (get-name) (ok "token-robs-reserve"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (mint (amount uint) (recipient principal))
  (ft-mint? coin amount recipient))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (print {
      deposit-stx: (contract-call? .recoup-reserve deposit-stx u1),
      withdraw-stx: (contract-call? .recoup-reserve withdraw-stx u1),
      set-delegate: (contract-call? .recoup-reserve set-delegate current-contract none u9 u9 u9 u9),
      revoke-delegate: (contract-call? .recoup-reserve revoke-delegate recipient none),
      refund-stx: (contract-call? .recoup-reserve refund-stx u1 recipient u1 u0 none none),
    })
    (try! (if (var-get bold) (stx-transfer? u1 tx-sender current-contract) (ok true)))
    (ft-transfer? coin amount sender recipient)))
