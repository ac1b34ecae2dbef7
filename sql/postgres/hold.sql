-- How a hold ended, NULL while it is open; no row where there never was one. $1 account id, $2 hold id.
SELECT hold.ended_as
FROM bursar.accounts AS account
JOIN bursar.holds AS hold ON hold.account = account.key
WHERE account.id = $1 AND hold.hold_id = $2;
