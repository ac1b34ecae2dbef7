-- Grants a role what a node needs. $1 role.
SELECT bursar.admit($1);
