-- Take back measuring_begin.sql. Parameters: key (integer), name = the session's former name.
SELECT pg_advisory_unlock_shared(%(key)s, 0), set_config('application_name', %(name)s, false)
