-- Totals of blocks off the chain are removed when these leave it, so that nobody has to look for them.

delete from running_total using block
 where block.index_block_hash = running_total.index_block_hash and not block.canonical;
comment on table running_total is 'Totals after each canonical block that moved them: the newest at or below a height are the totals as of it.';
