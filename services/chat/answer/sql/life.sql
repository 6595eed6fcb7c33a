-- name: generation_release
-- Ends the leases of process $1, which stops, so that another replica takes over at once. That is no loss, which the claim will count.
-- Params: $1 uuid.
UPDATE generation g SET lease_until = lc.now() - interval '1 millisecond', lost = g.lost - 1
WHERE g.state = 'RUNNING' AND g.boot_id = $1::uuid;
