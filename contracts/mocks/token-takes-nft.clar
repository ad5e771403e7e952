;; A token that also takes a collectible, of its own contract, of whoever transfers it.
(impl-trait .sip-010-trait.sip-010-trait)

(define-fungible-token coin)
(define-non-fungible-token collectible uint)

(define-read-only (get-name) (ok "token-takes-nft"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (try! (nft-transfer? collectible u1 tx-sender current-contract))
    (ft-transfer? coin amount sender recipient)))

(define-public (mint-collectible (recipient principal))
  (nft-mint? collectible u1 recipient))
