-- The place, from 1, of the first of some command ids under which something is recorded. $1 the ids.
SELECT given.place
FROM unnest($1::text[]) WITH ORDINALITY AS given (id, place)
WHERE EXISTS (SELECT FROM bursar.events AS event WHERE event.command_id = given.id)
    OR EXISTS (SELECT FROM bursar.rejections AS rejection WHERE rejection.command_id = given.id)
ORDER BY given.place
LIMIT 1;
