-- Indexes that questions over ten million refunds need.

-- Orphans are few beside all refunds, and many beside those of one merchant: after ten million refunds, thousands. A
-- refund that is not orphaned is in none of these, so that they cost nothing while the chain is followed.
create index refund_orphaned_merchant_idx
    on refund (merchant, stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where status = 'orphaned';
comment on index refund_orphaned_merchant_idx is 'Orphaned refunds of a merchant by place.';
create index refund_orphaned_payer_idx
    on refund (payer, stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where status = 'orphaned';
comment on index refund_orphaned_payer_idx is 'Orphaned refunds to a payer by place.';
create index refund_orphaned_invoice_idx
    on refund (invoice_id, stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc)
    where status = 'orphaned';
comment on index refund_orphaned_invoice_idx is 'Orphaned refunds of an invoice by place.';

create index invoice_payable_idx on invoice (merchant, status, expires_at) where canonical and status in (0, 1);
comment on index invoice_payable_idx is 'Invoices of a merchant that can still be paid: few, where those that nobody paid in time are many. A paid invoice is not in it.';
