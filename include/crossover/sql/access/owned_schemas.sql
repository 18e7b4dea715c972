-- Schemas of %(owner)s, and the one that belongs to whoever owns the database; quoted.
SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname = 'public' OR pg_get_userbyid(nspowner) = %(owner)s
