-- Behind the commit of an append, in a session of its own: within the append, the commit would wait for it.
NOTIFY bursar_log;
