-- Can the extension be had here?
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
