-- One migration at a time, until its transaction ends. The number is "bursar" in ASCII.
SELECT pg_advisory_xact_lock(x'627572736172'::bigint);
