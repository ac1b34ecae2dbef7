-- Which server process this session has, as notifications name it.
SELECT pg_backend_pid();
